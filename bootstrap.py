"""Make the environment of the kit and open the lessons: `python3 bootstrap.py lab`.

`make lab` calls this. Even the oldest Python can read this file, so that it can say in a
sentence that it is too old; the work is done by tools/set_up.py.
"""

import os
import sys

OLDEST = (3, 11)

TOO_OLD = """\
reactorkit needs Python %d.%d or newer; this is Python %d.%d (%s).
If a newer one is installed, name it:   make lab PYTHON=python3.12
Otherwise install one (Debian, Ubuntu:  sudo apt install python3.11 python3.11-venv
                       macOS:           brew install python
                       anywhere:        uv python install 3.12) and run me again."""


ON_WINDOWS = """\
reactorkit runs on Linux and macOS. On Windows, use WSL (in PowerShell: wsl --install),
then clone the course inside its Linux and run me there."""


def main():
    """Hand over to the set-up, if this Python can read it."""
    if os.name == "nt":
        sys.stderr.write(ON_WINDOWS + "\n")
        return 1
    if sys.version_info[:2] < OLDEST:
        found = OLDEST + tuple(sys.version_info[:2]) + (sys.executable or "python",)
        sys.stderr.write(TOO_OLD % found + "\n")
        return 1
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools"))
    import set_up

    return set_up.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
