"""Demo data: what `manage.py` loads to show a working institute."""
