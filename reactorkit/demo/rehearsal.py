"""Before the lecture: play every scene with real servers, and say READY or what is wrong.

    python -m reactorkit demo --check

Each scene is played once and must show what its run-sheet promises; its recording must show the
same; and the stage's page must come up. What is judged are counts, ratios and who is alive,
never absolute time: a slow machine is no reason to fail.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reactorkit.demo import recordings
from reactorkit.demo.opening import page_class
from reactorkit.demo.scene import NotSeen, Scene, run, scenes
from reactorkit.errors import KitError

PAGE_SECONDS = 60.0


@dataclass
class Report:
    """What a rehearsal of one thing has shown. `reasons`: why it is not ready; empty: it is."""

    name: str
    seen: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether it can be shown to a class."""
        return not self.reasons

    def __str__(self) -> str:
        lines = [f"{self.name:<18}{'READY' if self.ready else 'NOT READY'}"]
        lines += [f"    {words}" for words in self.seen]
        lines += [f"    NOT READY: {reason}" for reason in self.reasons]
        return "\n".join(lines)


def rehearse(scene: Scene) -> Report:
    """Play a scene, look at its recording and its run-sheet; returns the report."""
    report = Report(scene.name)
    try:
        with scene.start() as play:
            for step, seen in run(scene, play):
                report.seen.append(f"{step.label}: {seen}")
    except NotSeen as error:
        missed = scene.steps[len(report.seen)].label
        report.reasons.append(f"{missed!r} did not show what it should: {error}.")
    except (KitError, OSError) as error:
        report.reasons.append(str(error))
    try:
        recordings.seen_again(scene)
        report.seen.append("The recording shows the same.")
    except KitError as error:
        report.reasons.append(f"The recording cannot be used: {error}.".replace("..", "."))
    if not scene.run_sheet.is_file():
        report.reasons.append(f"There is no run-sheet {scene.run_sheet.name}.")
    return report


def rehearse_page() -> Report:
    """Open the stage's page without a browser: Voila must start, and the stage with it."""
    report = Report("the page")
    try:
        page = page_class()(next(iter(scenes())), open_browser=False)
    except KitError as error:
        report.reasons.append(str(error))
        return report
    answer: list[str] = []

    def ask() -> None:
        try:
            page.is_open.wait(PAGE_SECONDS)
            answer.append(_get(page.port, page.path))
        except (OSError, http.client.HTTPException) as error:
            report.reasons.append(f"The page did not come up: {error or type(error).__name__}.")
        finally:
            page.end_soon()

    asking = threading.Thread(target=ask, name="asking for the page")
    asking.start()
    page.run()
    asking.join()
    if answer and "widget-view+json" not in answer[0]:
        report.reasons.append("The page came up empty: the stage's kernel has failed.")
    elif answer:
        report.seen.append("Voila has started, and the stage was on its page.")
    return report


def _get(port: int, path: str) -> str:
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
    ) as connection:
        connection.request("GET", path)
        return connection.getresponse().read().decode(errors="replace")


def check(names: Iterable[str], say: Callable[[str], None] = print, page: bool = True) -> bool:
    """Rehearse scenes and the page, and say how each went; returns whether all are ready."""
    chosen = [scenes()[name] for name in names]
    reports = []
    for scene in chosen:
        reports.append(rehearse(scene))
        say(str(reports[-1]))
    if page:
        reports.append(rehearse_page())
        say(str(reports[-1]))
    ready = sum(report.ready for report in reports)
    say("")
    say("READY" if ready == len(reports) else f"NOT READY: {len(reports) - ready} reason(s) above.")
    return ready == len(reports)
