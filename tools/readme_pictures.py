"""Make the README's pictures: of the board, and of who survives the attacks: `make pictures`.

docs/board.jsonl.gz is the recording of a real server; `--record` makes it anew. docs/board.gif goes
through it from moment to moment, docs/board.png is one of them. docs/attacks.png is what
`attack("chat_article", "chat_reactor")` draws; `--record` runs that anew, too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browsers
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from reactorkit import attack, serve
from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.trace.recording import Recording
from reactorkit.view.export import to_html

DOCS = Path(__file__).resolve().parent.parent / "docs"
RECORDING = DOCS / "board.jsonl.gz"
ATTACKS = DOCS / "attacks.png"
WIDTH, HEIGHT = 960, 620  # pixels
MILLISECONDS = 700  # that each step is shown
MOST_STEPS = 14
SHOWN = ("wake", "begin", "wait")
COLOURS = 200
DPI = 80
LONG = 20_000  # characters of what is said until somebody is owed something
BEST = 1  # of the moments: a handler runs, and somebody else is ready


def record() -> None:
    """Record chat_reactor with five members, one of whom hardly reads, a handler at a time."""
    with serve("chat_reactor", watch=True) as server, contextlib.ExitStack() as stack:
        inside = server.watched
        slow = stack.enter_context(server.connect(rcvbuf=4096))
        members = [
            Member(stack.enter_context(server.connect()), name, b"\n")
            for name in ("Ann", "Bob", "Cid", "Dora")
        ]
        gather(members)
        ann, others = members[0], members[1:]
        for word in (f"<{number}>" for number in itertools.count()):
            ann.say("." * LONG + word)
            for each in others:  # they read; what the slow one does not read waits in the server
                each.hear(word)
                each.forget()
            if any(one["owed"] for one in inside.state()["handles"].values()):
                break
        inside.pause()
        inside.until_state(lambda state: state["paused"] is not None)
        for talkers in ((0, 2, 3), (1, 2), (0, 1, 3), (2,)):
            for i in talkers:
                members[i].say("a few words " * 10 ** (i % 3))
            for _ in range(len(talkers) + 1):  # its handlers, and the end of the turn
                number = inside.step("handler")
                inside.until_state(lambda state, n=number: moved(state, n))
        inside.save(RECORDING)
        inside.run()
        slow.close()


def moved(state: dict[str, Any], number: int) -> bool:
    """Return whether the step with this number has been made, and not only begun to wait."""
    held = state["held"]
    return state["asked"] >= number and held is not None and held["at"] != "kernel"


def moments(page: Page) -> Iterator[bytes]:
    """Go on from the first pause; yield a picture where something has changed on the board."""
    events = list(Recording.open(RECORDING).events)
    held = next(n for n, event in enumerate(events) if event["e"] == "held")
    shown = [n for n, event in enumerate(events) if n >= held and event["e"] in SHOWN]
    controller = "document.querySelector('.rk-board').__board.controller"
    for n in shown[:MOST_STEPS]:
        page.evaluate(f"{controller}.act('all', {{do: 'seek', at: {n + 1}}})")
        page.wait_for_function(f"{controller}.frame(0).place.at === {n + 1}")
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
        yield page.screenshot()


def draw() -> None:
    """Draw the pictures from the recording."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = to_html(Recording.open(RECORDING), Path(folder) / "board.html", detail="full")
        found = browsers.find()
        if found is None:
            raise SystemExit(browsers.NONE)
        browser = playwright.chromium.launch(executable_path=found.path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.as_uri())
        page.wait_for_selector(".rk-board")
        page.wait_for_function("document.querySelector('.rk-board').__board?.painted > 0")
        pictures = [Image.open(io.BytesIO(one)).convert("RGB") for one in moments(page)]
        browser.close()
    pictures[BEST].save(DOCS / "board.png", optimize=True)
    palette = pictures[BEST].quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    frames = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    frames[0].save(
        DOCS / "board.gif",
        save_all=True,
        append_images=frames[1:],
        duration=MILLISECONDS,
        loop=0,
        optimize=True,
    )


def attacks() -> None:
    """Run every attack against the article's chat and ours, and draw who survives."""
    figure = attack("chat_article", "chat_reactor").plot()
    figure.savefig(ATTACKS, dpi=DPI)


def main() -> int:
    """Make the pictures; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="run everything anew")
    again = parser.parse_args().record
    if again or not RECORDING.exists():
        record()
    if again or not ATTACKS.exists():
        attacks()
    draw()
    return 0


if __name__ == "__main__":
    sys.exit(main())
