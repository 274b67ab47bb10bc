"""The stage: what is on the page that `python -m reactorkit demo` opens.

Everything that takes time happens on one thread, in the order it was asked for: starting
servers, sending crowds, waiting until something is to be seen. Callbacks of widgets only ask.
What has to work when the kernel does not answer, the page does by itself (assets/stage.js).
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from reactorkit.demo import boards
from reactorkit.demo.front import Front
from reactorkit.demo.play import Play
from reactorkit.demo.scene import Change, NotSeen, Scene, Step, scenes, target
from reactorkit.demo.troubles import make_trouble
from reactorkit.demo.visitors import KINDS, Visitors
from reactorkit.errors import KitError
from reactorkit.lab import kernel
from reactorkit.trace.shape import State
from reactorkit.view.board import Board

FREE = "free"  # the stage without a scene
LONGEST = 30.0  # seconds that the stage waits for what a step promises
FIRST_SERVERS = ("echo_threads", "echo_selectors")


def set_stage() -> None:
    """Show the stage that the environment names (REACTORKIT_STAGE: a scene, a server, or none)."""
    from IPython.display import display

    kernel.mend()
    wanted = os.environ.get("REACTORKIT_STAGE", "")
    stage = Stage()
    display(stage.front.root)  # type: ignore[no-untyped-call]
    if wanted and wanted not in scenes():
        stage.ask(lambda: stage.free([wanted]))
    else:
        stage.ask(lambda: stage.set_scene(wanted or next(iter(scenes()))))


class Stage:
    """What is played, how far it is, and what the page shows of it."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.play: Play | None = None
        self.visitors: Visitors | None = None
        self.steps_done = 0
        self._boards: list[Board] = []
        self._starter = ThreadPoolExecutor(1, "servers of the stage")
        self._starting: Future[Play] | None = None
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.front = Front(self)
        threading.Thread(target=self._work, name="stagehand", daemon=True).start()

    def ask(self, task: Callable[[], None]) -> None:
        """Have something done after everything that was asked before. Returns at once."""
        self._tasks.put(task)

    def _work(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task()
            except KitError as error:
                self.front.trouble(str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the lecture
                self.front.trouble(f"The stage failed here: {type(error).__name__}: {error}")

    # ------------------------------------------------- what the presenter asks for

    def set_scene(self, name: str) -> None:
        """Begin a scene: its question on the screen, its servers starting behind it."""
        if name == FREE:
            self.free(list(FIRST_SERVERS))
            return
        self._strike()
        self.scene = scene = scenes()[name]
        self._start(scene.start)
        self.front.wait_for_page()
        self.front.begin(scene)
        self.front.show_recording(self._keep(boards.replayed(scene)))
        try:
            self._open(self._started(), scene.names(), scene.log)
        except KitError as error:
            self.front.only_recording(str(error))

    def free(self, servers: list[str]) -> None:
        """Begin the free stage: any servers, and whatever the presenter does to them."""
        self._strike()
        self.scene = None
        self._start(lambda: Play([target(name) for name in servers]))
        self.front.wait_for_page()
        self.front.begin_free(servers)
        play = self._started()
        self._open(play, [server.name for server in play.servers])
        self.front.look("Set the crowd, make trouble, pause, step.")

    def again(self) -> None:
        """Begin the scene, or the free stage, anew."""
        if self.scene is not None:
            self.set_scene(self.scene.name)
        elif self.play is not None:
            self.free([server.target for server in self.play.servers])

    def next(self) -> None:
        """Take the next step: the scene's, then its answer, then the question of the next one."""
        if self.scene is None:
            return
        if self.steps_done < len(self.scene.steps):
            self.take(self.steps_done)
        elif not self.front.reveals:
            self.front.reveal(self.scene)
        else:
            names = [*scenes()]
            place = names.index(self.scene.name) + 1
            self.set_scene(names[place % len(names)])

    def take(self, number: int) -> None:
        """Take a step of the scene, and wait until it shows."""
        scene, play = self.scene, self.play
        if scene is None or play is None:
            self.front.trouble("The servers of this scene do not run: press R for the recording.")
            return
        step = scene.steps[number]
        self.front.taking(step, number)
        before = play.states()
        play.mark(step.label)
        step.do(play)
        self.steps_done = number + 1
        self.front.taken(self.steps_done)
        self._wait_for(step, play, before)

    def _wait_for(self, step: Step, play: Play, before: list[State]) -> None:
        """Wait until what the step promises is there, or until the presenter wants to go on."""
        began = time.monotonic()
        while self._tasks.empty() and time.monotonic() < began + LONGEST:
            play.pass_time(0.1)
            if time.monotonic() < began + step.watch:
                continue
            try:
                self.front.seen(step, step.seen(Change(before, play.states())))
                return
            except NotSeen:
                continue
        if self._tasks.empty():
            self.front.trouble(f"{step.look} It is not to be seen yet: R shows the recording.")

    def crowd(self, number: int, wanted: int) -> None:
        """Have that many visitors of a kind at every server."""
        if self.visitors is not None:
            self.visitors.set(KINDS[number], wanted)

    def trouble(self, name: str) -> None:
        """Let one client misbehave at every server."""
        if self.play is not None:
            make_trouble(self.play, name, self.front.trouble)

    def send_home(self) -> None:
        """Let everybody leave."""
        if self.play is not None and self.visitors is not None:
            self.play.send_home()
            self.visitors.clear()

    # ------------------------------------------------------------------ behind it

    def _start(self, start: Callable[[], Play]) -> None:
        """Have servers come up behind what is shown meanwhile."""
        self._starting = self._starter.submit(start)

    def _started(self) -> Play:
        """Return what plays on the servers that were started; KitError if they did not come up."""
        assert self._starting is not None
        starting, self._starting = self._starting, None
        return starting.result()

    def _open(self, play: Play, names: list[str], log: bool = False) -> None:
        self.play, self.visitors = play, Visitors(play)
        self.front.show_live(self._keep(boards.live(play, names, log)))

    def _keep(self, board: Board) -> Board:
        self._boards.append(board)
        return board

    def _strike(self) -> None:
        """End what is played, and take its boards down."""
        if self._starting is not None:  # something failed before it was asked for
            with contextlib.suppress(KitError):
                self.play = self._started()
        play, self.play, self.visitors, self.steps_done = self.play, None, None, 0
        if self._boards:
            self.front.clear()
        for board in self._boards:
            board.close()
        self._boards.clear()
        if play is not None:
            play.stop()


def rungs() -> list[str]:
    """Return the servers that the free stage offers: the ladder's, then the scenes' own."""
    from reactorkit.servers import LADDER

    own = sorted((Path(__file__).parent / "servers").glob("*.py"))
    return [one.name for one in LADDER if one.available()] + [path.stem for path in own]
