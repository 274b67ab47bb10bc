"""`python -m reactorkit demo`: open the stage, rehearse it, record it anew, write its handout."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from reactorkit.demo.opening import page_class
from reactorkit.demo.scene import scene, scenes
from reactorkit.errors import KitError


def main(argv: list[str]) -> int:
    """Do what the command line asks for; returns the exit status (1: not ready)."""
    options = parser().parse_args(argv)
    if options.list:
        for one in scenes().values():
            print(f"{one.name:<18}{one.title} ({', '.join(one.servers)})")
        return 0
    if options.check:
        from reactorkit.demo.rehearsal import check

        return 0 if check(chosen(options.name), page=not options.no_page) else 1
    if options.handout:
        from reactorkit.demo.handout import write

        index = write(Path(options.handout), chosen(options.name))
        print(f"The handout begins at {index}")
        return 0
    if options.record:
        from reactorkit.demo.recordings import record

        for name in chosen(options.name):
            for path in record(scene(name)):
                print(f"{path.name:<28}{path.stat().st_size:>8,} bytes")
        return 0
    return open_stage(options)


def parser() -> argparse.ArgumentParser:
    """Return what understands the command line."""
    made = argparse.ArgumentParser(
        prog="python -m reactorkit demo",
        description="Open the instructor's stage in the browser. Ctrl-C ends it.",
        epilog="Scenes: " + ", ".join(scenes()) + ". Each has a run-sheet in "
        "reactorkit/demo/runsheets/.",
    )
    made.add_argument(
        "name", nargs="?", default="", help="a scene; or a server or a file, for the free stage"
    )
    made.add_argument("--no-browser", action="store_true", help="only say where the page is")
    made.add_argument(
        "--port", type=int, default=0, help="where to listen (default: a port that is free)"
    )
    made.add_argument("--list", action="store_true", help="list the scenes")
    made.add_argument(
        "--check", action="store_true", help="rehearse every scene; READY, or why not"
    )
    made.add_argument("--no-page", action="store_true", help="with --check: the scenes only")
    made.add_argument("--handout", metavar="DIR", help="write the scenes as HTML for offline use")
    made.add_argument("--record", action="store_true", help="make the shipped recordings anew")
    return made


def chosen(name: str) -> list[str]:
    """Return the scene of that name, or all of them."""
    return [scene(name).name] if name else list(scenes())


def open_stage(options: argparse.Namespace) -> int:
    """Serve the stage's page until Ctrl-C."""
    name = options.name
    if name and name not in scenes():
        from reactorkit.lab.server import target_word

        try:
            name = target_word(name)  # absolute: the stage runs in another folder
        except KitError as error:
            raise KitError(f"{error} Scenes are {', '.join(scenes())}.") from error

    def say(words: str) -> None:
        print(words, flush=True)

    if not options.no_browser and not has_display():
        options.no_browser = True
        say("There is no screen here: copy the address into a browser.")
    page_class()(name, port=options.port, open_browser=not options.no_browser, say=say).run()
    say("The stage has ended.")
    return 0


def has_display() -> bool:
    """Return whether a browser could open a window here."""
    if sys.platform == "darwin" or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
