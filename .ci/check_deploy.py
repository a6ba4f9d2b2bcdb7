"""`manage.py check --deploy` with production's settings and harmless values for its required variables."""

import os
import subprocess
import sys

VALUES = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "SECRET_KEY": "k" * 25 + "0123456789" + "-checks-only-" * 3,
    "DATABASE_URL": "sqlite:///:memory:",
    "SITE_URL": "https://abhyas.example",
}
sys.exit(
    subprocess.call(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], env=os.environ | VALUES
    )
)
