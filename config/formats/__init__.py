"""Formats that differ from the language's own. Times in 24 hours: staff compare them in columns."""
