"""Where this machine's Chromium is."""

import functools
import shutil

HOW_TO_GET_IT = (
    "no Chromium was found (Debian: apt-get install chromium fonts-noto-cjk; "
    "elsewhere Chromium or Google Chrome)"
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@functools.cache
def executable() -> str | None:
    """The path of the browser, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)
