"""Which Chromium the browser tests drive: `python -m tests.chromium` prints its path or what to install."""

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The program named by the environment variable CHROMIUM, else the first one found on PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> None:
    path = find()
    if path is None:
        sys.exit("The browser tests need a Chromium: install the package chromium, or name one in CHROMIUM.")
    print(path)


if __name__ == "__main__":
    main()
