"""Drive a notebook in a page: JupyterLab, Notebook 7, or Voila, with the same words.

A Sheet runs cells by the application's own commands and reads what the cells gave. It waits for
facts, never for a time.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jupyter_host import Host
from playwright.sync_api import Locator, Page

LONG = 60_000  # milliseconds: a page that opens, a kernel that starts, on a busy machine
CONNECTED = """() => {
  const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
  const kernel = context?.session?.kernel;
  return Boolean(context?.isReady && kernel?.connectionStatus === "connected"
    && kernel.status === "idle");
}"""
# Runs a cell and resolves when it has run, its outputs then are in the model; or at once.
RUN = """async ([index, wait]) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  notebook.mode = "command";
  const running = commands.execute("notebook:run-cell");
  if (wait === null) return;
  const patience = new Promise((_, fail) => {
    setTimeout(() => fail(new Error(`Cell ${index} still runs after ${wait} ms.`)), wait);
  });
  await Promise.race([running, patience]);
}"""
APPEND = """([source, metadata]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cells = notebook.model.sharedModel;
  cells.insertCell(cells.cells.length, { cell_type: "code", source, metadata });
  return cells.cells.length - 1;
}"""
REPLACE = """([index, source]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.model.sharedModel.getCell(index).setSource(source);
}"""
OUTPUTS = """(index) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  return notebook.widgets[index].model.outputs.toJSON();
}"""
RUNNING = """(index) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
  return cell.model.executionState === "running" || cell.prompt === "*";
}"""


COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class CellError(AssertionError):
    """A cell raised; the text is what it showed."""


class Sheet:
    """One open notebook. `app` is "lab" or "notebook"."""

    def __init__(self, page: Page, host: Host, app: str) -> None:
        self.page, self.host, self.app = page, host, app

    def open(self, path: str) -> Sheet:
        """Open a notebook of the host's folder and wait until its kernel listens."""
        pages = {"lab": f"lab/tree/{path}?reset", "notebook": f"notebooks/{path}"}
        self.page.goto(self.host.url(pages[self.app]))
        self.wait_connected()
        return self

    def wait_connected(self) -> None:
        """Wait until the kernel is connected and idle."""
        self.page.wait_for_function(CONNECTED, timeout=LONG)

    def cell(self, index: int) -> Locator:
        """Return a cell on the page."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """Return what a cell has put out, on the page."""
        return self.cell(index).locator(".jp-Cell-outputWrapper")

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return what a cell has put out, as the notebook keeps it."""
        return self.page.evaluate(OUTPUTS, index)

    def run(self, index: int) -> list[dict[str, Any]]:
        """Run a cell to its end; return its outputs. Raises CellError if it raised."""
        self.page.evaluate(RUN, [index, LONG])
        return self._checked(index)

    def start(self, index: int) -> None:
        """Let a cell begin, without waiting for its end."""
        self.page.evaluate(RUN, [index, None])

    def is_running(self, index: int) -> bool:
        """Whether a cell runs now. (The kernel's own status says what its last message was for.)"""
        return self.page.evaluate(RUNNING, index)

    def wait_finished(self, index: int) -> list[dict[str, Any]]:
        """Wait until a cell that was started has run; return its outputs."""
        over = f"(index) => !({RUNNING})(index)"
        self.page.wait_for_function(over, arg=index, timeout=LONG)
        return self._checked(index)

    def _checked(self, index: int) -> list[dict[str, Any]]:
        outputs = self.outputs(index)
        for one in outputs:
            if one["output_type"] == "error":
                said = "\n".join(one["traceback"]) or one["evalue"]
                raise CellError(COLOURS.sub("", said))
        return outputs

    def add(self, source: str) -> int:
        """Append a code cell; return its index."""
        return self.page.evaluate(APPEND, [source, {}])

    def replace(self, index: int, source: str) -> None:
        """Write something else into a cell."""
        self.page.evaluate(REPLACE, [index, source])

    def do(self, source: str) -> int:
        """Append a cell and run it to its end; return its index."""
        index = self.add(source)
        self.run(index)
        return index

    def value(self, expression: str) -> Any:
        """Return what an expression is in the kernel, by way of JSON."""
        index = self.add(f"import json as _json\nprint(_json.dumps({expression}))")
        texts = [one["text"] for one in self.run(index) if one["output_type"] == "stream"]
        return json.loads("".join("".join(text) for text in texts))

    def run_all(self) -> None:
        """Run all cells, as the menu does, to the last one or to the first that raises."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
