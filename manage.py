#!/usr/bin/env python
"""Django's command line for Abhyas. Without DJANGO_SETTINGS_MODULE it runs the embedded default."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
