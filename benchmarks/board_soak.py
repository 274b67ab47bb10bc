"""Does a board that is watched for a long time grow? Memory of kernel and page, minute by minute.

    python benchmarks/board_soak.py [--minutes 10] [--clients 100]

A real JupyterLab in a real Chromium shows the board of echo_selectors with a talking crowd. The
kernel's memory is what is resident (psutil); the page's is the JavaScript heap after a collection
(Chrome DevTools Protocol) and what its renderer holds for itself alone (USS).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tools")]

import browsers  # noqa: E402
from jupyter_host import Host  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
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
print(json.dumps({"pid": os.getpid(), "sent": pump.sent, "painted": pump.painted,
                  "latency": pump.latency}))
""",
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MIB = 2**20


def look(sheet: Sheet, session: Any, process: psutil.Process) -> dict[str, float]:
    """Return one line of figures: memory in MiB, and messages so far."""
    told = json.loads(sheet.run(1)[0]["text"])
    session.send("HeapProfiler.collectGarbage")
    metrics = {
        one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]
    }
    return {
        "kernel": psutil.Process(told["pid"]).memory_info().rss / MIB,
        "heap": metrics["JSHeapUsedSize"] / MIB,
        "renderer": process.memory_full_info().uss / MIB,
        "sent": told["sent"],
        "painted": told["painted"],
        "latency": (told["latency"] or 0.0) * 1e3,
    }


def renderer() -> psutil.Process:
    """Return the page's own process: the largest renderer below this one."""
    below = psutil.Process().children(recursive=True)
    renderers = [one for one in below if "--type=renderer" in " ".join(one.cmdline())]
    return max(renderers, key=lambda one: one.memory_info().rss)


def main() -> int:
    """Watch, and print a line a minute."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=100)
    options = parser.parse_args()
    found = browsers.find()
    if found is None:
        print(browsers.NONE)
        return 1
    host = Host()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found.path, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            source = CELLS[0].replace("{clients}", str(options.clients))
            sheet = Sheet(page, host, "lab").open(host.write("soak.ipynb", source, CELLS[1]))
            sheet.run(0)
            page.wait_for_function("document.querySelector('.rk-board')?.__board?.painted > 100")
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            process, began = renderer(), time.monotonic()
            print("minute  kernel MiB  page heap MiB  renderer MiB  painted/s  latency ms")
            first = last = look(sheet, session, process)
            for minute in range(1, round(options.minutes) + 1):
                page.wait_for_timeout(max(0.0, 60e3 * minute - 1e3 * (time.monotonic() - began)))
                now = look(sheet, session, process)
                print(
                    f"{minute:6} {now['kernel']:11.1f} {now['heap']:14.1f} {now['renderer']:13.1f} "
                    f"{(now['painted'] - last['painted']) / 60:10.1f} {now['latency']:11.0f}",
                    flush=True,
                )
                last = now
            grown = {name: last[name] - first[name] for name in ("kernel", "heap", "renderer")}
            print("grown:", ", ".join(f"{name} {more:+.1f} MiB" for name, more in grown.items()))
            print("warnings about message rates:", len(host.rate_warnings()))
            browser.close()
    finally:
        left = host.end()
    print("left behind:", left or "nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main())
