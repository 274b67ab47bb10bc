"""The widgets of the stage: a bar of steps, the boards, the question, the controls.

No icons: Voila would ask another machine for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import ipywidgets as widgets
import traitlets

from reactorkit.demo.hands import HandRows, Hands
from reactorkit.demo.scene import Scene, Step, scenes
from reactorkit.demo.troubles import TROUBLES
from reactorkit.demo.visitors import KINDS
from reactorkit.view import cards

if TYPE_CHECKING:
    from reactorkit.demo.stage import Stage
    from reactorkit.view.board import Board

ASSETS = Path(__file__).resolve().parent / "assets"
MOST_SERVERS = 4
STARTING = "The servers are starting."
LOADING = 60.0  # seconds after which a page that says nothing is taken for one that is up
MARKS = "".join(
    f'<span class="rk-stage-mark {kind}">{words}</span>'
    for kind, words in (("live", "LIVE"), ("recording", "REPLAY"), ("lost", "NO ANSWER"))
)


class Keys(anywidget.AnyWidget):
    """The stage's keys, and the page's own state: which of its parts is to be seen."""

    _esm: ClassVar[Path] = ASSETS / "stage.js"
    _css: ClassVar[Path] = ASSETS / "stage.css"
    question = traitlets.Bool(False).tag(sync=True)
    recording = traitlets.Bool(False).tag(sync=True)
    recorded = traitlets.Bool(False).tag(sync=True)  # there is a recording to switch to
    controls = traitlets.Bool(False).tag(sync=True)
    free = traitlets.Bool(False).tag(sync=True)


class Front:
    """What the page shows. Its methods are called by the stagehand's thread only."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.keys = Keys()
        self.keys.on_msg(self._heard)
        self.reveals = False
        self._page_is_up = threading.Event()
        self._rows: HandRows | None = None
        self._steps: list[widgets.Button] = []
        self._sliders: list[widgets.IntSlider] = []
        self._still = False  # the front changes its own widgets: nobody has asked for anything
        self._build()

    def wait_for_page(self) -> None:
        """Wait until the page has come up and shows the stage, empty as it is.

        A page that comes up asks for all widgets. Of one made just then it may hear too late that
        it exists; and wherever another widget names one that the page does not know, it looks for
        it for two seconds before it reads on. So nothing is made meanwhile.
        """
        self._page_is_up.wait(LOADING)

    # --------------------------------------------------------------- a scene

    def begin(self, scene: Scene) -> None:
        """Show a scene's question, and its steps in the bar."""
        self._set(self.choice, scene.name)
        self.keys.free, self.keys.controls, self.keys.recording = False, False, False
        self._steps = [self._step(number, step) for number, step in enumerate(scene.steps)]
        self.steps.children = self._steps
        self.taken(0)
        self.reveals = False
        hands = Hands.of(option.key for option in scene.options)
        self._rows = HandRows(scene.options, hands)
        self.answer.value = ""
        self.question.children = [
            widgets.HTML(f'<div class="rk-ask">{cards.escape(scene.question)}</div>'),
            self._rows.box,
            self.answer,
        ]
        self.keys.question = True
        self.look(f"Look at {scene.look}.")

    def begin_free(self, servers: list[str]) -> None:
        """Show the free stage, with its controls open."""
        self._set(self.choice, "free")
        self.question.children, self.steps.children, self._steps = [], [], []
        self._set(self.servers, tuple(one for one in servers if one in self.servers.options))
        self.keys.free, self.keys.controls = True, True
        self.keys.question, self.keys.recording, self.keys.recorded = False, False, False
        self.look(STARTING)

    def taking(self, step: Step, number: int) -> None:
        """A step is being taken: show the boards, and what to look at."""
        self.keys.question = False
        for button in self._steps:
            button.disabled = True
        self._steps[number].remove_class("is-next")
        self.look(step.look)

    def taken(self, done: int) -> None:
        """Mark the steps that are done, and the next one."""
        for number, button in enumerate(self._steps):
            button.disabled = False
            for name, on in (("is-done", number < done), ("is-next", number == done)):
                (button.add_class if on else button.remove_class)(name)

    def seen(self, step: Step, words: str) -> None:
        """Say what is to be seen now."""
        self._foot(step.look, "seen", f"✔ {words}.")

    def reveal(self, scene: Scene) -> None:
        """Show the answer under the question, beside the hands."""
        self.reveals = True
        if self._rows is not None:
            self._rows.reveal = True
            self._rows.refresh()
        self.answer.value = f'<div class="rk-answer">{cards.escape(scene.answer)}</div>'
        self.keys.question = True

    # --------------------------------------------------------------- boards, words

    def show_live(self, board: Board) -> None:
        """Put the live board on the stage."""
        self.live.children = [board.widget]

    def show_recording(self, board: Board) -> None:
        """Put the recording behind the live board; the page switches to it by itself."""
        self.recording.children = [board.widget]
        self.keys.recorded = True

    def only_recording(self, why: str) -> None:
        """Say why there is no live board, and show the recording instead."""
        self.trouble(why)
        self.keys.recording = True

    def clear(self) -> None:
        """Take the boards down, and put the sliders back."""
        self.live.children = self.recording.children = []
        for slider in self._sliders:
            self._set(slider, 0)
        self.look(STARTING)

    def look(self, words: str) -> None:
        """Say what to look at."""
        self._foot(words)

    def trouble(self, words: str) -> None:
        """Say what went wrong, and what to do."""
        self._foot("", "trouble", words)

    def _foot(self, look: str, kind: str = "", words: str = "") -> None:
        said = f' <span class="live-only {kind}">{cards.escape(words)}</span>' if words else ""
        self.foot.value = f'<div role="status">{cards.escape(look)}{said}</div>'

    # --------------------------------------------------------------- building

    def _build(self) -> None:
        titles = [(one.title, one.name) for one in scenes().values()]
        self.choice = widgets.Dropdown(options=[*titles, ("Free stage", "free")], value="free")
        self.choice.observe(self._chosen, "value")
        self.steps = _box("rk-stage-steps")
        badge = widgets.HTML(MARKS)
        badge.add_class("rk-stage-badge")
        question = self._switch("Question", "question", "Q")
        recording = self._switch("Recording", "recording", "R")
        controls = self._switch("Controls", "controls", "C")
        for button in (question, recording):
            button.add_class("rk-only-scene")
        bar = _box("rk-stage-bar", self.choice, self.steps, badge, question, recording, controls)
        self.live, self.recording = _box("rk-stage-live"), _box("rk-stage-recording")
        self.question = widgets.VBox()
        self.question.add_class("rk-stage-question")
        self.answer = widgets.HTML()
        middle = _box("rk-stage-middle", self.live, self.recording, self.question, self._controls())
        self.foot = widgets.HTML()
        self.foot.add_class("rk-stage-foot")
        self.look(STARTING)
        self.root = widgets.VBox([bar, middle, self.foot, self.keys])
        self.root.add_class("rk-stage")

    def _controls(self) -> widgets.VBox:
        from reactorkit.demo.stage import rungs

        self.servers = widgets.SelectMultiple(options=rungs())
        start = self._button("Start these", self._start_chosen)
        free = widgets.VBox([_heading("Servers (up to four)"), self.servers, start])
        free.add_class("rk-only-free")
        for number, kind in enumerate(KINDS):
            slider = widgets.IntSlider(
                description=kind.words, min=0, max=kind.most, continuous_update=False
            )
            slider.observe(self._slid(number), "value")
            self._sliders.append(slider)
        troubles = _box("rk-stage-troubles")
        troubles.children = [
            self._button(name, partial(self._stage.trouble, name)) for name in TROUBLES
        ]
        home = self._button("All leave", self._all_leave)
        parts = [free, _heading("Visitors at each server"), *self._sliders]
        again = self._button("Begin again", self._stage.again)
        again.tooltip = "Begin again (key A)"
        troubled = [_heading("One more visitor"), troubles]
        box = widgets.VBox([*parts, *troubled, _box("rk-stage-troubles", home, again)])
        box.add_class("rk-stage-controls")
        return box

    def _step(self, number: int, step: Step) -> widgets.Button:
        return self._button(f"{number + 1}  {step.label}", lambda: self._stage.take(number))

    def _button(self, words: str, task: Callable[[], None]) -> widgets.Button:
        button = widgets.Button(description=words, tooltip=words)
        button.on_click(lambda _: self._stage.ask(task))
        return button

    def _switch(self, words: str, name: str, key: str) -> widgets.Button:
        def turn() -> None:
            on = not getattr(self.keys, name)
            setattr(self.keys, name, on and (name != "recording" or self.keys.recorded))

        button = self._button(words, turn)
        button.tooltip = f"{words} (key {key})"
        return button

    # --------------------------------------------------------------- what is asked for

    def _heard(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        """Take a key that the page has heard."""
        tasks = {"next": self._stage.next, "again": self._stage.again}
        if content.get("do") in tasks:
            self._stage.ask(tasks[content["do"]])
        elif content.get("do") == "hello":
            self._page_is_up.set()
        elif content.get("do") == "hand":
            place, by = int(content.get("place", -1)), int(content.get("by", 1))
            self._stage.ask(lambda: self._raise_hand(place, by))

    def _raise_hand(self, place: int, by: int) -> None:
        if self._rows is not None and 0 <= place < len(self._rows.answers):
            self._rows.add(self._rows.answers[place].key, by)

    def _chosen(self, change: dict[str, Any]) -> None:
        if not self._still:
            self._stage.ask(lambda: self._stage.set_scene(change["new"]))

    def _slid(self, number: int) -> Callable[[dict[str, Any]], None]:
        def slid(change: dict[str, Any]) -> None:
            if not self._still:
                self._stage.ask(lambda: self._stage.crowd(number, int(change["new"])))

        return slid

    def _start_chosen(self) -> None:
        chosen = list(self.servers.value)
        if not 1 <= len(chosen) <= MOST_SERVERS:
            self.trouble("Choose one to four servers (Ctrl-click adds one), then press Start.")
            return
        self._stage.free(chosen)

    def _all_leave(self) -> None:
        self._stage.send_home()
        for slider in self._sliders:
            self._set(slider, 0)

    def _set(self, widget: Any, value: Any) -> None:
        """Set a widget without asking for what its change would ask for."""
        self._still = True
        try:
            widget.value = value
        finally:
            self._still = False


def _box(name: str, *children: widgets.Widget) -> widgets.Box:
    box = widgets.Box(list(children))
    box.add_class(name)
    return box


def _heading(words: str) -> widgets.HTML:
    return widgets.HTML(f"<h2>{cards.escape(words)}</h2>")
