"""What the live board costs: its messages, and a real board in JupyterLab in a real browser.

    python benchmarks/board_cost.py                      messages only, in this process
    python benchmarks/board_cost.py --browser            and live boards, in headless Chromium
    python benchmarks/board_cost.py --browser --handles 100 1000 --seconds 10

Columns of the live part: frames painted a second; milliseconds from an event in the server until
its picture was painted and that was told back (half of the times, and 95 of 100); the same from
sending a message; milliseconds of drawing in the browser, and of making a message in the kernel.
An event waits up to 33 ms in the server before it is told. Use a quiet machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from reactorkit.trace.events import Event, header
from reactorkit.view.frames import Encoder
from reactorkit.view.windows import Windows

ROOT = Path(__file__).resolve().parent.parent
ABOUT = {"name": "echo_epoll", "style": "epoll", "title": "epoll", "colour": "#000", "marker": "o"}
SIZES = (10, 100, 1_000, 10_000)
TARGETS = {100: (15, 150), 1_000: (10, 250)}  # frames a second, p95 in milliseconds


def crowd_of(handles: int) -> list[Event]:
    """Return the events of so many clients that connect."""
    events: list[Event] = [{"e": "open", "t": 1, "fd": 3, "gen": 0, "role": "listener"}]
    for fd in range(5, 5 + handles):
        peer = f"127.0.0.1:{20_000 + fd}"
        events.append({"e": "open", "t": fd, "fd": fd, "gen": 0, "role": "client", "peer": peer})
        events.append({"e": "reg", "t": fd, "fd": fd, "gen": 0, "mask": 1})
    return events


def turn_of(turn: int, handles: int, ready: int = 8) -> list[Event]:
    """Return the events of one turn in which some of the clients are answered."""
    t = 20_000_000 + turn * 4_000_000
    fds = sorted({5 + (turn * 17 + i * 31) % handles for i in range(ready)})
    events: list[Event] = [
        {"e": "wait", "t": t, "turn": turn, "n": handles},
        {"e": "wake", "t": t + 1_000, "turn": turn, "ready": [[fd, 0, 1] for fd in fds]},
    ]
    for fd in fds:
        t += 20_000
        handle = {"t": t, "fd": fd, "gen": 0}
        events.append({"e": "begin", **handle, "mask": 1, "cb": "answer"})
        events.append({"e": "io", **handle, "op": "recv", "want": 65_536, "got": 64})
        events.append({"e": "io", **handle, "op": "send", "want": 64, "got": 64})
    return events


def messages(sizes: list[int], frames: int = 150) -> None:
    """Print what a message costs by the number of handles: bytes, and milliseconds to make."""
    print("messages: 8 turns with 8 ready clients between two of them")
    print(f"{'handles':>8} {'first: bytes':>13} {'ms':>7} {'then: bytes':>12} {'ms':>7} {'p95':>7}")
    for handles in sizes:
        windows = Windows(header("echo_epoll", "epoll"))
        encoder = Encoder(windows, ABOUT)
        for event in crowd_of(handles):
            windows.feed(event)
        start = time.perf_counter()
        first = len(encoder.encode(windows.state["t"]))
        took_first = time.perf_counter() - start
        took, lengths = [], []
        for frame in range(frames):
            for turn in range(8 * frame + 1, 8 * frame + 9):
                for event in turn_of(turn, handles):
                    windows.feed(event)
            start = time.perf_counter()
            lengths.append(len(encoder.encode(windows.state["t"])))
            took.append(time.perf_counter() - start)
        p95 = sorted(took)[int(len(took) * 0.95)]
        mean = statistics.mean(lengths)
        print(
            f"{handles:>8} {first:>13,} {took_first * 1e3:>7.2f} {mean:>12,.0f} "
            f"{statistics.median(took) * 1e3:>7.2f} {p95 * 1e3:>7.2f}"
        )


SET_UP = """
from collections import deque
from reactorkit import clean_up, crowd, hold, serve, watch
server = serve("echo_epoll", watch=True, descriptors={descriptors})
board = watch(server, detail="full")
"""
LOAD = """
idle = {idle} and crowd(server, {idle}, "idle")
busy = crowd(server, {busy}, "chatty", every=0.2)
"""
BEGIN = """
import time
pump = board.pump
pump.latencies, pump.trips = deque(maxlen=10_000), deque(maxlen=10_000)
before = pump.sent, pump.spent, time.monotonic()
"""
END = """
seconds = time.monotonic() - before[2]
told = dict(
    sent=(pump.sent - before[0]) / seconds,
    ms=1e3 * (pump.spent - before[1]) / max(pump.sent - before[0], 1),
    events=list(pump.latencies), trips=list(pump.trips), fault=repr(pump.fault),
)
"""
COUNTS = "() => { const b = document.querySelector('.rk-board').__board; return b.painted; }"
DRAWN = "() => { const b = document.querySelector('.rk-board').__board; return b.drawMs; }"


def live(sizes: list[int], seconds: float) -> bool:
    """Print what live boards reach; return whether all targets were met."""
    for folder in ("tests/browser", "tools"):
        sys.path.insert(0, str(ROOT / folder))
    import browsers
    from jupyter_host import Host
    from playwright.sync_api import sync_playwright
    from sheets import Sheet

    found = browsers.find()
    if found is None:
        print(browsers.NONE)
        return False
    print("\nlive, in JupyterLab: idle clients, and up to 50 that speak 5 times a second")
    print(
        f"{'handles':>8} {'painted/s':>10} {'event p50':>10} {'p95':>6} {'message p50':>12} "
        f"{'p95':>6} {'draw p50':>9} {'p95':>6} {'kernel ms':>10}"
    )
    host, good = Host(), True
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=found.path, args=["--no-sandbox", "--disable-gpu"]
            )
            for handles in sizes:
                page = browser.new_page(viewport={"width": 1366, "height": 768})
                page.set_default_timeout(180_000)
                good &= one_size(Sheet(page, host, "lab"), handles, seconds)
                page.close()
            browser.close()
    finally:
        host.end()
    return good


def one_size(sheet: Any, handles: int, seconds: float) -> bool:
    """Print one line; return whether its targets were met."""
    busy = min(50, handles)
    name = sheet.host.write(
        f"board_{handles}.ipynb",
        SET_UP.format(descriptors=handles + 200),
        LOAD.format(idle=handles - busy, busy=busy),
        BEGIN,
        END,
        "clean_up()",
    )
    sheet.open(name)
    sheet.run(0)
    page = sheet.page
    page.wait_for_function("() => document.querySelector('.rk-board')?.__board?.painted > 0")
    sheet.run(1)
    page.locator(".rk-board").first.scroll_into_view_if_needed()
    time.sleep(3)  # until what connecting has caused is over
    sheet.run(2)
    painted, start = page.evaluate(COUNTS), time.monotonic()
    time.sleep(seconds)  # the measurement is this stretch of time
    rate = (page.evaluate(COUNTS) - painted) / (time.monotonic() - start)
    sheet.run(3)
    told = sheet.value("told")
    drawn = page.evaluate(DRAWN)
    sheet.run(4)
    event, trip = (percentiles(told[kind]) for kind in ("events", "trips"))
    print(
        f"{handles:>8} {rate:>10.1f} {event[0]:>10.0f} {event[1]:>6.0f} {trip[0]:>12.0f} "
        f"{trip[1]:>6.0f} {drawn['p50']:>9.1f} {drawn['p95']:>6.1f} {told['ms']:>10.2f}"
    )
    if told["fault"] != "None":
        print("the board's thread ended:", told["fault"])
        return False
    least, most = TARGETS.get(handles, (0, 10**9))
    return rate >= least and event[1] <= most


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return half and 95 of 100, in milliseconds."""
    known = sorted(seconds) or [float("nan")]
    return known[len(known) // 2] * 1e3, known[int(len(known) * 0.95)] * 1e3


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", action="store_true", help="also measure live boards")
    parser.add_argument("--handles", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    messages(options.handles)
    if options.browser and not live(options.handles, options.seconds):
        print("A target was missed.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
