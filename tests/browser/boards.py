"""A board on a page: what it shows, and its controls, by the names that a reader hears or sees."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Error, Locator, expect

PATIENCE = 12_000  # milliseconds for something that takes a blink on an idle machine
# Everything of a frame that goes through JSON.
PLAIN = """(b, i) => {
  const { cells, ...frame } = b.controller.frame(i);
  return { ...frame, cells: cells && { count: cells.keys.length } };
}"""
EVERY = """(b, test) => {
  const every = [...Array(b.controller.servers).keys()].map((i) => b.controller.frame(i));
  return every.every(TEST);
}"""


class Board:
    """One board, found by its element."""

    def __init__(self, root: Locator) -> None:
        self.root, self.page = root, root.page
        expect(root).to_be_visible(timeout=PATIENCE)
        self.element = root.element_handle()
        self.wait("(b) => b.painted > 0")

    def ask(self, function: str, arg: Any = None) -> Any:
        """Return what a function of the board's test hook returns."""
        return self.element.evaluate(f"(e, arg) => ({function})(e.__board, arg)", arg)

    def wait(self, function: str, arg: Any = None) -> Any:
        """Wait until a function of the board's test hook is true; return what it then was."""
        test = f"([e, arg]) => e.__board && ({function})(e.__board, arg)"
        try:
            told = self.page.wait_for_function(test, arg=[self.element, arg], timeout=PATIENCE)
            return told.json_value()
        except Error as error:
            seen = f"Waited for {function} with {arg!r}. The board says:\n{self.summary()}"
            raise AssertionError(f"{seen}\n({error})") from None

    def wait_frame(self, function: str, arg: Any = None, server: int = 0) -> dict[str, Any]:
        """Wait until a function of one server's frame is true; return that very frame.

        The board draws on meanwhile: a frame that is asked for afterwards may be another one.
        """
        found = f"(b, [i, arg]) => ({function})(b.controller.frame(i), arg) && ({PLAIN})(b, i)"
        return self.wait(found, [server, arg])

    def wait_every(self, test: str) -> None:
        """Wait until a function of a frame is true of every server's."""
        self.wait(EVERY.replace("TEST", test))

    def frame(self, server: int = 0) -> dict[str, Any]:
        """Return what the board draws now of one server."""
        return self.ask(PLAIN, server)

    def client(self, port: int, server: int = 0) -> dict[str, Any]:
        """Return the record of the client that comes from a port, once the board has it."""
        found = "(f, port) => f.handles.some((h) => h.peer.endsWith(`:${port}`))"
        handles = self.wait_frame(found, port, server)["handles"]
        return next(one for one in handles if one["peer"].endswith(f":{port}"))

    def summary(self) -> str:
        """Return the text twin."""
        return self.ask("(b) => b?.summary() ?? 'nothing: it was taken away'")

    def button(self, name: str) -> Locator:
        """Return a button by the name that a screen reader says."""
        return self.root.get_by_role("button", name=name, exact=True)

    def press(self, *names: str) -> None:
        """Press one button after the other."""
        for name in names:
            self.button(name).click()

    def pause(self) -> dict[str, Any]:
        """Pause, and wait until every server stands; return the first one's frame."""
        self.press("Pause")
        self.wait_every("(f) => f.mode === 'pause' && f.paused !== null")
        return self.frame()

    def run(self) -> None:
        """Let it run, and wait until it does."""
        self.press("Run")
        self.wait_every("(f) => f.mode === 'run' && f.place.live")

    def step(self, name: str = "Step") -> dict[str, Any]:
        """Step, and wait until the answer is here; return the frame."""
        before = self.frame()["asked"]
        self.press(name)
        return self.wait_frame("(f, n) => f.asked > n && f.mode === 'pause'", before)
