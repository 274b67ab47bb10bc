"""Turn the version ranges of pyproject.toml into exact pins, for every system at once.

Writes requirements.txt (what a learner needs), requirements-test.txt (what the tests need
besides), requirements-peers.txt (servers of other people, to run beside ours) and
requirements-nbgrader.txt (for instructors who grade with it). Pins that still fit are kept;
`--upgrade` takes the newest of everything. Needs uv: its `--universal` resolution is the only one
that serves Linux and macOS, and Python 3.11 and later, from one file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
LAB = ROOT / "requirements.txt"
TEST = ROOT / "requirements-test.txt"
PEERS = ROOT / "requirements-peers.txt"
NBGRADER = ROOT / "requirements-nbgrader.txt"
# A requirement in pyproject.toml, and the comment behind it: "name >=1,<2",  # the reason
REASON = re.compile(r'^\s*"([A-Za-z0-9_.-]+)[^"]*",\s*#\s*(.+)$')
# Pins for systems and Pythons that the kit does not run on say so in their marker.
ELSEWHERE = re.compile(r"; (sys_platform == 'win32'|os_name == 'nt'|implementation_name == 'pypy')")

HEADERS = {
    LAB: "# What `make lab` installs, exactly. Made by `make pins` from pyproject.toml.\n",
    TEST: "# What `make test` installs besides requirements.txt. Made by `make pins`.\n",
    PEERS: "# Servers of other people, to run beside ours. Optional; made by `make pins`.\n",
    NBGRADER: "# nbgrader, for instructors who grade with it. Optional; made by `make pins`.\n",
}


def canonical(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def reasons(requirements: list[str]) -> dict[str, str]:
    """Return the reason that stands behind each of these requirements in pyproject.toml."""
    asked = {canonical(re.split(r"[ <>=~!;]", line, maxsplit=1)[0]) for line in requirements}
    found = [match for line in PROJECT.read_text().splitlines() if (match := REASON.match(line))]
    why = {canonical(match[1]): match[2].strip() for match in found}
    return {name: why[name] for name in asked}


def uv() -> str:
    """Return the path of uv; ends the program with a sentence if there is none."""
    known = shutil.which("uv") or shutil.which("uv", path=str(ROOT / ".venv" / "bin"))
    if known is None:
        sys.exit("make pins needs uv. Install it with `pip install uv`, then run me again.")
    return known


def compile_pins(target: Path, *options: str) -> list[str]:
    """Return the pins for `target`, one requirement a line; its present pins are preferred."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / target.name
        if target.exists():
            shutil.copy(target, draft)
        command = [uv(), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--no-header", "--no-annotate", "--output-file", str(draft), *options]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            sys.exit("uv found no set of versions that fits; its words above say why.")
        lines = [line for line in draft.read_text().splitlines() if line and line[0] not in "#-"]
    return [line for line in lines if not ELSEWHERE.search(line)]


def write(target: Path, pins: list[str], why: dict[str, str]) -> None:
    """Write the direct requirements with their reasons first, then all that they need."""
    names = {line: canonical(re.split(r"[=\s;]", line, maxsplit=1)[0]) for line in pins}
    direct = [line for line in pins if names[line] in why]
    width = max(len(line) for line in direct)
    text = [HEADERS[target]]
    text += [f"{line:<{width}}  # {why[names[line]]}" for line in direct]
    text += ["", "# ... and what these need in turn.", *(x for x in pins if x not in direct)]
    target.write_text("\n".join(text) + "\n")
    print(f"{target.name}: {len(pins)} pins, {len(direct)} of them direct.")


def main() -> None:
    """Write the files."""
    extra = sys.argv[1:]
    if set(extra) - {"--upgrade"}:
        sys.exit("make pins takes only ARGS=--upgrade.")
    project = tomllib.loads(PROJECT.read_text())
    groups = project["dependency-groups"]
    pins = compile_pins(LAB, "pyproject.toml", "--group", "build", *extra)
    write(LAB, pins, reasons(project["project"]["dependencies"] + groups["build"]))
    for target, group in ((TEST, "test"), (PEERS, "peers"), (NBGRADER, "nbgrader")):
        fixed = [word for file in {LAB, TEST} - {target} for word in ("--constraint", file.name)]
        found = compile_pins(target, "--group", group, *fixed, *extra)
        write(target, [line for line in found if line not in pins], reasons(groups[group]))


if __name__ == "__main__":
    main()
