"""`python -m reactorkit attack`, `fuzz` and `soak`: for people, and with --json for programs."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from reactorkit.lab.attacks.fuzz import fuzz
from reactorkit.lab.attacks.model import CHAT, ECHO
from reactorkit.lab.attacks.soak import soak
from reactorkit.lab.attacks.table import attack, service_of
from reactorkit.lab.server import target_word


def main(argv: Sequence[str] | None = None) -> int:
    """Attack the servers that the command line names; status 0 when all survived unharmed."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit attack",
        description="Attack servers, each attack on a fresh one with innocent members online. "
        "The exit status is 0 when every server has survived all of it unharmed, else 1.",
    )
    parser.add_argument("targets", metavar="NAME|FILE", nargs="+", help="servers, side by side")
    parser.add_argument(
        "--only",
        metavar="ID",
        action="append",
        default=[],
        help="one attack, or a group: fifteen, rules; may be given again",
    )
    parser.add_argument("--service", choices=(ECHO, CHAT), default="", help="what they serve")
    parser.add_argument("--json", action="store_true", help="for programs: everything seen")
    options = parser.parse_args(argv)
    table = attack(*options.targets, only=options.only, service=options.service, progress=_bar)
    print(json.dumps(table.data(), indent=2) if options.json else table)
    return 0 if table.survived else 1


def fuzz_main(argv: Sequence[str] | None = None) -> int:
    """Fuzz the server that the command line names; status 0 when it has borne all of it."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit fuzz",
        description="Send a server random, mutated and half-valid lines over several connections, "
        "while two innocents talk. The exit status is 0 when it has borne all of it, else 1.",
    )
    parser.add_argument("target", metavar="NAME|FILE", help="the server")
    parser.add_argument("--lines", type=int, default=200_000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, help="the same seed sends the same bytes; else chosen")
    parser.add_argument("--service", choices=(ECHO, CHAT), default="", help="what it serves")
    parser.add_argument("--json", action="store_true", help="for programs: everything seen")
    options = parser.parse_args(argv)
    target = target_word(options.target)
    report = fuzz(
        target,
        options.service or service_of(target),
        lines=options.lines,
        seed=secrets.randbelow(10**6) if options.seed is None else options.seed,
        progress=_bar,
    )
    print(json.dumps(report.data(), indent=2) if options.json else report)
    return 0 if report.survived else 1


def soak_main(argv: Sequence[str] | None = None) -> int:
    """Let guests come and go at the server that the command line names; status 0: all was well."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit soak",
        description="Let guests come, talk and leave for minutes, while two innocents talk. The "
        "exit status is 0 when nothing is left behind and everybody was served, else 1.",
    )
    parser.add_argument("target", metavar="NAME|FILE", help="the server")
    parser.add_argument("--clients", type=int, default=1_000, help="how many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120.0, help="for how long (%(default)g)")
    parser.add_argument("--stay", type=float, default=10.0, help="seconds a visit (%(default)g)")
    parser.add_argument("--service", choices=(ECHO, CHAT), default="", help="what it serves")
    parser.add_argument("--json", action="store_true", help="for programs: everything seen")
    options = parser.parse_args(argv)
    target = target_word(options.target)
    report = soak(
        target,
        options.service or service_of(target),
        clients=options.clients,
        seconds=options.seconds,
        stay=options.stay,
    )
    print(json.dumps(report.data(), indent=2) if options.json else report)
    return 0 if report.survived else 1


T = TypeVar("T")


def _bar(items: Iterable[T]) -> Iterable[T]:
    """Show a progress bar on a terminal."""
    from tqdm import tqdm

    bar: Iterable[T] = tqdm(items, file=sys.stderr, disable=None, leave=False, ncols=88)
    return bar
