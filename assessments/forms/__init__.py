"""Forms of the pages for teachers."""
