"""A simulated month of the institute, with the real services. See docs/sla.md."""
