"""Look at the board once more with an older and with the newest ipykernel: `make test-kernels`.

ipykernel has changed more than once on which thread a widget's messages arrive. The pins hold one
version; a reader may have another (VS Code wants one before 7, Colab brings its own). Each version
gets an environment of its own below .venv-kernels, where everything else is as pinned.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from installer import ROOT, SetUpError, run

HOME = ROOT / ".venv-kernels"
VERSIONS = ["6.31.0", "7.4.0"]
PINS = [ROOT / "requirements.txt", ROOT / "requirements-test.txt"]
TESTS = "tests/browser"


def pins_without_ipykernel() -> str:
    """Return all pins but one."""
    lines = [line for path in PINS for line in path.read_text().splitlines()]
    return "\n".join(line for line in lines if not line.startswith("ipykernel==")) + "\n"


def recipe(version: str) -> str:
    """Return what the environment for a version is made from."""
    text = version + sys.version + pins_without_ipykernel()
    return hashlib.sha256(text.encode()).hexdigest()


def environment(version: str) -> Path:
    """Return the Python of the environment with this ipykernel, made if need be.

    Raises SetUpError when that is not possible here and now.
    """
    folder = HOME / version
    python, stamp = folder / "bin" / "python", folder / ".made-from"
    if stamp.exists() and stamp.read_text() == recipe(version):
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    requirements = folder / "requirements.txt"
    requirements.write_text(pins_without_ipykernel() + f"ipykernel=={version}\n")
    known = [shutil.which("uv"), shutil.which("uv", path=str(Path(sys.executable).parent))]
    if uv := next(filter(None, known), None):
        run([uv, "venv", "--allow-existing", "--python", sys.executable, str(folder)], "making it")
        start = [uv, "pip", "install", "--python", str(python)]
    else:
        run([sys.executable, "-m", "venv", str(folder)], "making it")
        start = [str(python), "-m", "pip", "install", "--progress-bar", "off", "--no-compile"]
    what = f"fetching and installing, with ipykernel {version}"
    run([*start, "-r", str(requirements)], what, requirements.read_text().count("=="))
    run([*start, "--no-deps", "--no-build-isolation", "--editable", "."], "installing reactorkit")
    run([str(python), "tools/compile_installed.py"], "compiling")
    stamp.write_text(recipe(version))
    return python


def look(version: str, arguments: list[str]) -> str:
    """Run the tests with one version; return the verdict, which begins with OK or FAILED."""
    started = time.monotonic()
    try:
        python = environment(version)
    except SetUpError as error:
        return f"FAILED  ipykernel {version}: its environment could not be made. {error}"
    command = [str(python), "-m", "pytest", TESTS, "-q", "-n", "2", "--dist", "loadfile"]
    env = {**os.environ, "REACTORKIT_EXPECTED_IPYKERNEL": version}
    status = subprocess.run([*command, *arguments], cwd=ROOT, env=env, check=False).returncode
    seconds = f"{time.monotonic() - started:.0f} s"
    if status:
        return f"FAILED  ipykernel {version}: see above ({seconds})."
    return f"OK      ipykernel {version}: lessons and board work ({seconds})."


def main(arguments: list[str]) -> int:
    """Run them all; return 1 if one failed."""
    verdicts = []
    for version in VERSIONS:
        print(f"\nipykernel {version}", flush=True)
        verdicts.append(look(version, arguments))
    print("\n" + "\n".join(verdicts))
    return int(any(verdict.startswith("FAILED") for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
