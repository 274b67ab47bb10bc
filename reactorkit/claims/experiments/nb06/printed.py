"""What the article's programs print (C77, C78): a session of three lines, and a socket's repr."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reactorkit.claims.experiments.nb01.wire import both_ends
from reactorkit.claims.experiments.nb06 import pictures
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.server import python_path

CLIENT = Path(__file__).with_name("prompt_client.py")
LINES = ("Hello", "How are you?", "Fine, thanks.")
# Since this version, enum's members print as their numbers in the repr of a socket.
NUMBERS_SINCE = (3, 11)


def three_lines(world: World) -> Evidence:
    """Type three lines to a client through a pipe, then end its input."""
    server = world.serve("echo_threads")
    typed = "".join(f"{line}\n" for line in LINES)
    address = [server.host, str(server.port)]
    prompt = _session([sys.executable, "-I", str(CLIENT), *address], typed)
    kit = _session([sys.executable, "-P", "-m", "reactorkit", "echo", *address], typed)
    error = prompt.stderr.strip().splitlines()[-1] if prompt.stderr else "no error"
    return Evidence(
        findings={"C77": judge_session(prompt.stdout, error, kit.stdout, kit.returncode)},
        data={"lines": list(LINES), "output": prompt.stdout, "error": error},
        picture=pictures.draw_session,
        caption="Three questions, three answers, and an end by exception.",
        alt=f"A dialogue: three lines typed, three answers shown, then the input ends: {error}.",
    )


def _session(command: Sequence[str], typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=typed,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={"PYTHONPATH": python_path(), "PATH": "", "PYTHONUTF8": "1"},
    )


def judge_session(output: str, error: str, kit: str, status: int) -> Finding:
    """Decide C77: three answers after three prompts, two spaces each, and then EOFError."""
    wanted = "".join(f"say: Received:  {line}\n" for line in LINES) + "say: "
    return Finding(
        met=output == wanted and error.startswith("EOFError"),
        measured=f"{output.count('Received:  ')} of {len(LINES)} replies, each two spaces after "
        f"its label, then {error.split(':')[0]}; the course's own client, given the same lines, "
        f"showed {len(kit.splitlines())} replies and ended with status {status}",
        why="The server was too slow to answer a line in one piece: run it again.",
    )


def printed_socket(world: World) -> Evidence:
    """Print two connected sockets, and take their text apart."""
    world.check_stop()
    with both_ends() as (one, other):
        texts = [repr(one), repr(other)]
    shown = [parts(text) for text in texts]
    return Evidence(
        findings={"C78": judge_repr(shown, sys.version_info[:2])},
        data={"shown": shown, "version": "{}.{}".format(*sys.version_info)},
        picture=pictures.draw_repr,
        caption="The article's line, and two sockets of your Python: for people, not for tests.",
        alt="A table of the parts of a printed socket. "
        + " ".join(f"{key}: {shown[0][key]} and {shown[1][key]}." for key in shown[0]),
    )


def parts(text: str) -> dict[str, str]:
    """Return the named parts of a printed socket: handle, family, type, and both addresses."""
    found = dict(re.findall(r"(\w+)=(\([^)]*\)|[^,>]+)", text))
    return {key: found[key] for key in ("fd", "family", "type", "laddr", "raddr")}


def judge_repr(shown: Sequence[dict[str, str]], version: Sequence[int]) -> Finding:
    """Decide C78: numbers of family and type since Python 3.11, names before."""
    numbers = all(each[key].isdigit() for each in shown for key in ("family", "type"))
    return Finding(
        met=numbers == (tuple(version) >= NUMBERS_SINCE) and shown[0]["fd"] != shown[1]["fd"],
        measured=f"Python {version[0]}.{version[1]}: family={shown[0]['family']}, "
        f"type={shown[0]['type']}; two sockets have fd={shown[0]['fd']} and fd={shown[1]['fd']}",
        why="Another version of Python may print sockets in another way.",
    )
