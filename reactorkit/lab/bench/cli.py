"""`python -m reactorkit bench`: our servers and those of other people, side by side."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reactorkit.lab.bench import report, store
from reactorkit.lab.bench.cases import CASES, Case, fitting, quick
from reactorkit.lab.bench.cores import choose
from reactorkit.lab.bench.measure import Result, run_case

ROUNDS = 9
INTRODUCTION = """\
# Our servers beside those of other people

`make bench` measures all of this on your own machine; the command at each table, that table alone.
`--json benchmarks/results.json --markdown benchmarks/RESULTS.md` writes this page anew. What is
compared, and what was asked, stands in `reactorkit/lab/bench/cases.py`.

Every figure is a median over the rounds. In a round the servers take turns, each freshly started
and warmed by one client that comes and goes; ratios are taken within a round, and the range in
brackets is that of the rounds. The load is written in C, asks without sleeping, and has a core of
its own; load and server run before all other programs where the administrator measures. In the row
`the same again` the first server is measured a second time: by how much that ratio differs from 1
is noise. `a bare loop` is the least Python that can answer, and no server to build on.

Machine: {machine}.
"""


def main(argv: list[str] | None = None) -> int:
    """Measure, and tell."""
    options = arguments(argv)
    cases = store.named(options.what, options.case)
    if options.json and options.json.exists():
        store.load(options.json)  # an unreadable file is to be known of before hours of measuring
    machine = report.machine()
    results: list[Result] = []
    for case in cases:
        result = measured(case, options.rounds, options.quick)
        print(report.as_text(result), flush=True)
        results.append(result)
        write(options, results, machine)
    print(f"Machine: {machine}.")
    return 1 if any(row.failed for result in results for row in result.rows) else 0


def write(options: argparse.Namespace, results: list[Result], machine: str) -> None:
    """Write the files that were asked for; after each case, so that an interruption costs one."""
    if options.json:
        results = store.save(options.json, results, machine)
    if options.markdown:
        parts = [INTRODUCTION.format(machine=machine), report.summary(results)]
        parts += map(report.as_markdown, results)
        options.markdown.write_text("\n".join(parts))
    if options.figure:
        from reactorkit.lab.bench.figure import draw

        draw(results).savefig(options.figure, dpi=100)  # all cases below 400 kB


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit bench",
        description="Measure our servers beside uvloop, asyncio, Twisted and Node.js, in turns.",
        epilog="Cases: " + "; ".join(f"{case.name} ({case.title})" for case in CASES) + ".",
    )
    parser.add_argument("what", nargs="*", metavar="GROUP", help="echo, chat or c10k; all if none")
    parser.add_argument("--case", action="append", default=[], help="one case instead of a group")
    parser.add_argument("--rounds", type=int, help=f"how often everybody has a turn ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="tiny: shows that it works, no more")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the results to this file")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="tell all in the JSON file")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    options = parser.parse_args(argv)
    options.rounds = options.rounds or (1 if options.quick else ROUNDS)
    return options


def measured(case: Case, rounds: int, small: bool) -> Result:
    """Run one case, and show on a terminal how far it is."""
    case, cut = fitting(quick(case) if small else case)
    live = sys.stderr.isatty()

    def tell(words: str) -> None:
        if live:
            print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)

    result = run_case(case, rounds, choose(first=not small), tell)
    if live:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    result.quick = small
    result.notes += ["QUICK: every load is cut to a few clients. The figures mean nothing."] * small
    result.notes += [cut] if cut else []
    return result
