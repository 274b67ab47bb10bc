"""The command line: `python -m reactorkit COMMAND`. Each command loads only what it needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from reactorkit import __version__
from reactorkit.errors import KitError, nearest


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (2: the command line was not understood)."""
    command, *rest = [*(sys.argv[1:] if argv is None else argv)] or ["--help"]
    try:
        status = _run(command, rest)
        sys.stdout.flush()
        return status
    except KitError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output (`... | head`) has seen enough. Python would flush once more at
        # the end and complain (docs.python.org, library/signal, "Note on SIGPIPE").
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(command: str, rest: list[str]) -> int:
    if command in ("-h", "--help", "help"):
        print(usage())
        return 0
    if command == "--version":
        print(f"reactorkit {__version__}")
        return 0
    if command not in COMMANDS:
        hint = nearest(command, COMMANDS) or " `python -m reactorkit --help` lists them."
        print(f"There is no command {command!r}.{hint}", file=sys.stderr)
        return 2
    return COMMANDS[command][0](rest)


def usage() -> str:
    """Return the list of commands."""
    lines = [f"  {words:<34}{does}" for _, words, does in COMMANDS.values()]
    return "\n".join(
        [
            "usage: python -m reactorkit COMMAND ...",
            "",
            "A teaching kit for the Reactor pattern: real servers, real crowds, claims to measure.",
            "",
            *lines,
            "",
            "`python -m reactorkit COMMAND --help` says more about one of them.",
        ]
    )


def serve(argv: list[str]) -> int:
    """Start one server."""
    from reactorkit.launcher import main

    return main(argv)


def ladder(argv: list[str]) -> int:
    """List the rungs and what each can and cannot do."""
    import argparse

    from reactorkit.servers import as_json, as_text

    parser = argparse.ArgumentParser(
        prog="python -m reactorkit ladder",
        description="List the servers of the walk, and what each can and cannot do.",
    )
    parser.add_argument("--json", action="store_true", help="for programs: every declaration")
    print(as_json() if parser.parse_args(argv).json else as_text())
    return 0


def echo(argv: list[str]) -> int:
    """Talk to an echo server, line by line."""
    from reactorkit.clients import echo_client

    status: int = echo_client.main(argv)  # type: ignore[no-untyped-call]  # taught code has no types
    return status


def chat(argv: list[str]) -> int:
    """Talk to everybody who is in a chat."""
    from reactorkit.clients import chat_client

    status: int = chat_client.main(argv)  # type: ignore[no-untyped-call]  # taught code has no types
    return status


def attack(argv: list[str]) -> int:
    """Attack servers, and say what they survive."""
    from reactorkit.lab.attacks.cli import main

    return main(argv)


def fuzz(argv: list[str]) -> int:
    """Send a server many thousands of lines, right and wrong."""
    from reactorkit.lab.attacks.cli import fuzz_main

    return fuzz_main(argv)


def soak(argv: list[str]) -> int:
    """Let guests come and go at a server for minutes."""
    from reactorkit.lab.attacks.cli import soak_main

    return soak_main(argv)


def doctor(argv: list[str]) -> int:
    """Look for leftovers, low limits and missing programs."""
    from reactorkit.lab.doctor import main

    return main(argv)


def ledger(argv: list[str]) -> int:
    """Show every claim with prediction, measurement and verdict."""
    from reactorkit.claims.page import main

    return main(argv)


def claim(argv: list[str]) -> int:
    """Run the experiment of one claim."""
    from reactorkit.claims.run import main

    return main(argv)


def demo(argv: list[str]) -> int:
    """Open the instructor's stage, rehearse it, or write its handout."""
    from reactorkit.demo.cli import main

    return main(argv)


def bench(argv: list[str]) -> int:
    """Measure our servers beside those of other people."""
    from reactorkit.lab.bench.cli import main

    return main(argv)


def check(argv: list[str]) -> int:
    """Judge one answer to an exercise."""
    from reactorkit.grading.cli import check as main

    return main(argv)


def progress(argv: list[str]) -> int:
    """Tell how far the learner is."""
    from reactorkit.grading.hand_in import progress_main as main

    return main(argv)


def submit(argv: list[str]) -> int:
    """Write the zip to hand in."""
    from reactorkit.grading.hand_in import submit_main as main

    return main(argv)


def grade(argv: list[str]) -> int:
    """Judge the submissions of a class."""
    from reactorkit.grading.classroom.cli import grade as main

    return main(argv)


def release(argv: list[str]) -> int:
    """Make a copy of the kit for learners."""
    from reactorkit.grading.classroom.release import release as main

    return main(argv)


def export(argv: list[str]) -> int:
    """Write the checks in the form that another system runs."""
    from reactorkit.grading.classroom.export import export as main

    return main(argv)


# What to call, how it is written, what it does.
COMMANDS: dict[str, tuple[Callable[[list[str]], int], str, str]] = {
    "serve": (serve, "serve NAME|FILE [--port N]", "start one server; Ctrl-C ends it"),
    "echo": (echo, "echo HOST PORT", "talk to an echo server, line by line"),
    "chat": (chat, "chat [HOST] PORT [--user NAME]", "talk to everybody who is in a chat"),
    "ladder": (ladder, "ladder [--json]", "list the servers and what each can and cannot do"),
    "attack": (attack, "attack NAME|FILE ...", "attack servers: who survives what"),
    "fuzz": (fuzz, "fuzz NAME|FILE [--seed N]", "send a server lines, right and wrong"),
    "soak": (soak, "soak NAME|FILE [--seconds N]", "let guests come and go, and look what stays"),
    "claim": (claim, "claim C13", "run the experiment of one claim"),
    "ledger": (ledger, "ledger", "every claim: prediction, measurement, verdict"),
    "check": (check, "check x02 [FILE] [--json]", "judge your answer to an exercise"),
    "progress": (progress, "progress", "how far you are with the exercises"),
    "submit": (submit, "submit --name NAME", "your answers in one zip, to hand in"),
    "grade": (grade, "grade SUBMISSIONS --out DIR", "judge a class: gradebook, reports, exports"),
    "release": (release, "release course.toml --out DIR", "a learner's copy, without solutions"),
    "export": (export, "export SYSTEM --out OUT", "the checks, for others to run"),
    "demo": (demo, "demo [SCENE|SERVER] [--check]", "the instructor's stage, in the browser"),
    "bench": (bench, "bench [echo|chat|c10k]", "our servers beside uvloop, Twisted, Node.js"),
    "doctor": (doctor, "doctor [--end]", "find (and end) leftovers, check limits and programs"),
}


if __name__ == "__main__":
    sys.exit(main())
