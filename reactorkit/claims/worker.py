"""One worker thread for everything a card's buttons ask for.

Callbacks of widgets run on changing threads (the main one or a subshell's, depending on the
version of ipykernel), and while a cell runs. So a callback only puts a task into this queue.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Task = Callable[[], None]

_tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
_start = threading.Lock()
_thread: threading.Thread | None = None


def ask(task: Task) -> None:
    """Let the worker do `task` after everything asked before. Returns at once."""
    global _thread
    _tasks.put(task)
    with _start:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="reactorkit cards", daemon=True)
            _thread.start()


def _work() -> None:
    while True:
        _tasks.get()()
