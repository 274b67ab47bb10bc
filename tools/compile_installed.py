"""Compile everything that is installed for this Python, and the kit, on all processors.

Otherwise Python does it at the first import, one file after the other; and again at every import
where it may not write, or is told not to (PYTHONDONTWRITEBYTECODE, as in many containers). Then a
notebook's kernel and matplotlib take three times as long to load.

A file that is no Python of this version is left as it is: nobody can import it either. The tests
of other packages are left out; they are a third of all, and nobody here imports them.

compileall has workers of its own, one task for a few files: to find that nothing is left to do
takes them eight times as long as a single process. Here a task is a package.
"""

from __future__ import annotations

import compileall
import re
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent / "reactorkit"
LEFT_OUT = re.compile("/tests?/")


def compile_one(path: Path) -> None:
    """Compile a module, or a folder with all below it; what is compiled already stays."""
    compile_it = compileall.compile_dir if path.is_dir() else compileall.compile_file
    compile_it(path, quiet=2, rx=LEFT_OUT)


def main() -> None:
    """Compile the packages, some at a time."""
    installed = Path(sysconfig.get_path("purelib"))
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(compile_one, [*installed.iterdir(), KIT]):
            pass


if __name__ == "__main__":
    main()
