"""Does a board that is watched for a long time grow? Memory of kernel and page, minute by minute.

    python benchmarks/board_soak.py [--minutes 10] [--clients 100]

A real JupyterLab in a real Chromium shows the board of echo_selectors with a talking crowd. Memory
is what a process holds for itself alone (USS): the kernel's, and the page's renderer's. Nobody is
attached to the browser meanwhile: its developer tools keep things of their own, and change when it
collects. A page that is drawn makes garbage all the time, so its memory goes up and down; each line
has the lowest and the highest of a minute. What stays is seen at both ends, where the garbage is
collected by force (so the first minute begins low). The status is 1 if kernel or page have grown
by more than 20 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from reactorkit.lab.process import KeptProcess

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tools")]

import browsers  # noqa: E402
from jupyter_host import Host  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from sheets import Sheet  # noqa: E402

CELLS = (
    """\
import os
from reactorkit import crowd, serve, watch
server = serve("echo_selectors", watch=True)
crowd(server, {clients}, "chatty", every=0.5)
board = watch(server)
""",
    """\
import json
pump = board.pump
print(json.dumps({"pid": os.getpid(), "painted": pump.painted, "latency": pump.latency,
                  "events": server.watched.positions}))
""",
)
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
]
LISTENING = re.compile(r"DevTools listening on (ws://\S+)")
NOTEBOOK = "soak.ipynb"
BEGUN = "document.querySelector('.rk-board')?.__board?.painted > 100"
MIB = 2**20
MOST = 20e6 / MIB  # by how much kernel and page may grow


class Browser:
    """A Chromium that nobody is attached to, but for a moment: `page()`."""

    def __init__(self, path: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="reactorkit-soak-")
        self.address = ""
        command = [path, *FLAGS, f"--user-data-dir={self.folder}", "about:blank"]
        self.process = KeptProcess(command, on_line=self._hear)
        self.process.wait_until(lambda: self.address != "", 60)
        if not self.address:
            self.end()
            raise SystemExit("The browser did not start:\n" + "\n".join(self.process.lines))

    def _hear(self, _: str, line: str) -> None:
        if found := LISTENING.search(line):
            self.address = found[1]

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Attach to its page; let go of it afterwards, and it goes on alone."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(self.address)
            yield browser.contexts[0].pages[0]
            browser.close()

    def renderer(self) -> psutil.Process:
        """Return the page's own process: the largest renderer."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        renderers = [one for one in below if "--type=renderer" in " ".join(one.cmdline())]
        return max(renderers, key=lambda one: one.memory_info().rss)

    def end(self) -> None:
        """End it, and throw its profile away."""
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def own(process: psutil.Process) -> float:
    """Return the MiB that a process holds for itself alone."""
    return process.memory_full_info().uss / MIB


def look(browser: Browser, page: Page, host: Host) -> dict[str, Any]:
    """Return what the page holds, what is left once the garbage is collected, and the kernel's."""
    before = own(browser.renderer())
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    heap = next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")
    page_holds = own(browser.renderer())
    session.detach()
    told = json.loads(Sheet(page, host, "lab").run(1)[0]["text"])
    kernel = own(psutil.Process(told["pid"]))
    return {**told, "heap": heap / MIB, "page": page_holds, "before": before, "kernel": kernel}


def watch_alone(browser: Browser, kernel: psutil.Process, minutes: int) -> None:
    """Print a line a minute, with nobody attached."""
    print("minute  kernel MiB  page MiB: lowest  highest  cores: page  kernel  load")
    page = browser.renderer()
    began = time.monotonic()
    spent = [sum(one.cpu_times()[:2]) for one in (page, kernel)]
    for minute in range(1, minutes + 1):
        seen = []
        while time.monotonic() < began + 60 * minute:
            seen.append(own(page))
            time.sleep(1)  # a sample a second; nothing waits for it
        now = [sum(one.cpu_times()[:2]) for one in (page, kernel)]
        cores = [(after - before) / 60 for after, before in zip(now, spent, strict=True)]
        spent = now
        print(
            f"{minute:6} {own(kernel):11.1f} {min(seen):17.1f} {max(seen):8.1f} "
            f"{cores[0]:12.2f} {cores[1]:7.2f} {os.getloadavg()[0]:5.1f}",
            flush=True,
        )


def soak(browser: Browser, host: Host, minutes: int, clients: int) -> bool:
    """Watch, print, and return whether kernel and page have stayed small."""
    with browser.page() as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        source = CELLS[0].replace("{clients}", str(clients))
        sheet = Sheet(page, host, "lab").open(host.write(NOTEBOOK, source, CELLS[1]))
        sheet.run(0)
        page.wait_for_function(BEGUN)
        first, began = look(browser, page, host), time.monotonic()
    watch_alone(browser, psutil.Process(first["pid"]), minutes)
    with browser.page() as page:
        last, seconds = look(browser, page, host), time.monotonic() - began
    print(f"as it stood: page {first['before']:.1f} MiB, then {last['before']:.1f} MiB")
    grown = {name: last[name] - first[name] for name in ("kernel", "page", "heap")}
    print(
        f"with the garbage collected: kernel {grown['kernel']:+.1f} MiB, page {grown['page']:+.1f} "
        f"MiB (from {first['page']:.1f}), its JavaScript heap {grown['heap']:+.1f} MiB "
        f"(from {first['heap']:.1f})"
    )
    latency = 1e3 * (last["latency"] or 0.0)
    print(
        f"{(last['painted'] - first['painted']) / seconds:.1f} pictures a second, {latency:.0f} ms "
        f"behind, {last['events']:,} events kept for looking back"
    )
    print("warnings about message rates:", len(host.rate_warnings()))
    return max(grown["kernel"], grown["page"]) <= MOST and not host.rate_warnings()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--clients", type=int, default=100)
    options = parser.parse_args()
    found = browsers.find()
    if found is None:
        print(browsers.NONE)
        return 1
    host = Host()
    try:
        browser = Browser(found.path)
        try:
            good = soak(browser, host, options.minutes, options.clients)
        finally:
            browser.end()
    finally:
        left = host.end()
    print("left behind:", left or "nothing")
    print("Nothing has grown by more than 20 MB." if good else "A target was missed.")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
