"""Where Chromium is and how it is started for tests and pictures: no sandbox as root, no talk with its maker.

The headless shell is the same engine without a window's own pages around each tab; it needs less than half the
processor time.
"""

import os
from pathlib import Path

FOUND = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
CHROMIUM = os.environ.get("CHROMIUM") or next((path for path in FOUND if Path(path).exists()), FOUND[-1])
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
