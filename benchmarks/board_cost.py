"""What the live board costs: its messages, and a real board in JupyterLab in a real browser.

    python benchmarks/board_cost.py                      messages only, in this process
    python benchmarks/board_cost.py --browser            and live boards, in headless Chromium
    python benchmarks/board_cost.py --browser --handles 100 1000 --seconds 10

Columns of the live part: messages that the browser received a second, and pictures that it painted;
milliseconds (half of the times, and 95 of 100) from making a message until it was received, until
its picture was painted, and from an event in the server until the kernel heard that its picture
was; milliseconds of drawing in the browser, and of the kernel's CPU for making a message and
handing it over. An event waits up to 33 ms in the server before it is told. Targets: 30 a second,
painted 50 ms after it was made (10 ms with up to 100 handles), 1 ms of the kernel's. Use a quiet
machine.
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
SIZES = (10, 50, 100, 1_000, 10_000)
PARTS = ("received", "painted")
RATE = 27  # received a second at least: 30 at most, and no more than the server's batches
KERNEL = 1.0  # milliseconds of CPU


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
pump.latencies = deque(maxlen=10_000)
before = pump.sent, pump.spent
"""
END = """
told = dict(
    ms=1e3 * (pump.spent - before[1]) / max(pump.sent - before[0], 1),
    events=list(pump.latencies), fault=repr(pump.fault),
    began=server.watched.header["monotonic"] / 1e9 + time.time() - time.monotonic(),
)
"""
# Each with the server's clock (nanoseconds) in a picture, and the wall's (milliseconds).
NOTE = """() => {
  const { controller } = document.querySelector(".rk-board").__board;
  const now = () => [controller.frame(0).t, performance.timeOrigin + performance.now()];
  const seen = (window.__seen = { received: [], painted: [] });
  controller.on(() => seen.received.push(now()));
  const { painted } = controller;
  controller.painted = (i) => {
    seen.painted.push(now());
    painted(i);
  };
}"""
SEEN = "() => ({ ...window.__seen, draw: document.querySelector('.rk-board').__board.drawMs })"


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
        f"{'handles':>8} {'received/s':>11} {'painted/s':>10} {'received p50':>13} {'p95':>6} "
        f"{'painted p50':>12} {'p95':>6} {'event p50':>10} {'p95':>6} {'draw p50':>9} {'p95':>6} "
        f"{'kernel ms':>10}"
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
    page.evaluate(NOTE)
    before, start = page.evaluate(SEEN), time.monotonic()
    time.sleep(seconds)  # the measurement is this stretch of time
    seen, took = page.evaluate(SEEN), time.monotonic() - start
    sheet.run(3)
    told = sheet.value("told")
    sheet.run(4)
    rates = {kind: (len(seen[kind]) - len(before[kind])) / took for kind in PARTS}
    after = {
        kind: percentiles([wall / 1e3 - t / 1e9 - told["began"] for t, wall in seen[kind]])
        for kind in PARTS
    }
    event, draw = percentiles(told["events"]), seen["draw"]
    print(
        f"{handles:>8} {rates['received']:>11.1f} {rates['painted']:>10.1f} "
        f"{after['received'][0]:>13.1f} {after['received'][1]:>6.1f} "
        f"{after['painted'][0]:>12.1f} {after['painted'][1]:>6.1f} {event[0]:>10.0f} "
        f"{event[1]:>6.0f} {draw['p50']:>9.1f} {draw['p95']:>6.1f} {told['ms']:>10.2f}"
    )
    if told["fault"] != "None":
        print("the board's thread ended:", told["fault"])
        return False
    latest = 10 if handles <= 100 else 50
    return rates["received"] >= RATE and after["painted"][0] <= latest and told["ms"] <= KERNEL


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
