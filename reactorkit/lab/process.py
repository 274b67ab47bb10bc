"""One child process under its keeper: started, listened to, stopped, and never left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import subprocess
import sys
import termios
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from reactorkit.errors import KitError

KEEPER = Path(__file__).with_name("keeper.py")
# Carried by every process of the kit, so that `doctor` finds exactly ours: PID:START of the owner.
MARK = "REACTORKIT_KEEPER"
LOG_LINES = 2000
LONGEST_LINE = 65_536  # bytes; a longer one is cut

_living: weakref.WeakSet[KeptProcess] = weakref.WeakSet()


def owner_mark() -> str:
    """Return what identifies this process among all that ever had its pid: `PID:START`."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


class KeptProcess:
    """A command that runs under a keeper and ends with this process at the latest.

    A daemon thread reads what it prints (and what the keeper reports), so that a full pipe
    never blocks it. `on_line(stream, line)` is called from that thread for every line.

    Arguments:
        command: program and arguments.
        on_line: called with "out" or "err" and a line without its newline.
        env: variables to add to the environment.
        cwd: the working folder; this process's own when None.
        nofile: the child's soft limit of descriptors, or None to inherit.
        hand_on: descriptors that the child gets too, under the same numbers.
        whole_env: `env` is the child's whole environment, nothing of ours is added.
        stdin: a descriptor for it to read from, such as the end of a pipe; /dev/null when None.

    Raises KitError when the system refuses to start it.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        on_line: Callable[[str, str], None] | None = None,
        env: dict[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        nofile: int | None = None,
        hand_on: Sequence[int] = (),
        whole_env: bool = False,
        stdin: int | None = None,
    ) -> None:
        self.pid: int | None = None
        self.returncode: int | None = None
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self._on_line = on_line
        self._changed = threading.Condition()
        self._ended = False
        hold_on, self._lifeline = os.pipe()
        status, tell = os.pipe()
        numbers = [hold_on, tell, nofile or 0, *hand_on]
        keeper = [sys.executable, "-I", "-S", str(KEEPER), *map(str, numbers)]
        inherited = {} if whole_env else {**os.environ, "PYTHONUNBUFFERED": "1"}
        try:
            self._keeper = subprocess.Popen(
                [*keeper, "--", *command],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(hold_on, tell, *hand_on),
                env={**inherited, **(env or {}), MARK: owner_mark()},
                cwd=cwd,
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._lifeline)
            os.close(status)
            raise KitError(
                f"The system would not start another process ({error.strerror}). "
                "Stop what you no longer need, then look at `python -m reactorkit doctor`."
            ) from error
        finally:
            os.close(hold_on)
            os.close(tell)
        _living.add(self)
        self._reader = threading.Thread(
            target=self._listen, args=(status,), name=f"reading {command[-1]}", daemon=True
        )
        self._reader.start()

    def _listen(self, status: int) -> None:
        """Read standard output, standard error and the keeper's reports until all have closed."""
        assert self._keeper.stdout is not None and self._keeper.stderr is not None
        names = {
            self._keeper.stdout.fileno(): "out",
            self._keeper.stderr.fileno(): "err",
            status: "status",
        }
        tails = dict.fromkeys(names, b"")
        with selectors.DefaultSelector() as selector:
            for fd in names:
                selector.register(fd, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, 65536)
                    *lines, tails[key.fd] = (tails[key.fd] + data).split(b"\n")
                    if len(tails[key.fd]) > LONGEST_LINE:  # whoever prints such must not fill us up
                        lines.append(tails[key.fd])
                        tails[key.fd] = b""
                    if not data:
                        selector.unregister(key.fd)
                        lines = [tails[key.fd]] if tails[key.fd] else []
                    for line in lines:
                        self._take(names[key.fd], line.decode("utf-8", "replace"))
        os.close(status)
        self._keeper.stdout.close()
        self._keeper.stderr.close()
        self._keeper.wait()
        with self._changed:
            self._ended = True
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1
            self._changed.notify_all()

    def _take(self, stream: str, line: str) -> None:
        if stream == "status":
            word, number = line.split()
            with self._changed:
                if word == "pid":
                    self.pid = int(number)
                else:
                    self.returncode = int(number)
                self._changed.notify_all()
            return
        self.lines.append(line)
        if self._on_line is not None:
            self._on_line(stream, line)
        with self._changed:
            self._changed.notify_all()

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self.returncode is None and not self._ended

    @property
    def unread(self) -> int:
        """How many bytes it has printed that were not read here yet; 0 when it has ended."""
        count, pipes = 0, (self._keeper.stdout, self._keeper.stderr)
        with contextlib.suppress(ValueError, OSError):  # closed, since all of it has been read
            for pipe in pipes:
                assert pipe is not None
                waiting = fcntl.ioctl(pipe.fileno(), termios.FIONREAD, b"\0\0\0\0")
                count += int.from_bytes(waiting, sys.byteorder)
        return count

    def wait_until(self, true: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `true()` holds, the child has ended, or `timeout` seconds have passed.

        Returns whether it holds. Checked whenever the child prints or ends.
        """
        with self._changed:
            self._changed.wait_for(lambda: true() or self._ended, timeout)
            return true()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; return the status, or None when it still runs after `timeout` s."""
        self.wait_until(lambda: self._ended, timeout)
        return self.returncode if self._ended else None

    def ask(self, word: bytes) -> None:
        """Send the keeper one word (see keeper.py); nothing happens when the child has ended."""
        with self._changed:
            if self._lifeline >= 0:
                with contextlib.suppress(BrokenPipeError):
                    os.write(self._lifeline, word)

    def stop(self, timeout: float = 3.0) -> int | None:
        """End the child: politely first (SIGTERM), killed after `timeout` s. Returns its status."""
        self.ask(b"t")
        if self.wait(timeout) is None and not self._ended:
            self.kill()
        self._let_reader_end()
        return self.returncode

    def kill(self) -> int | None:
        """Kill the child and everything it started; returns when all are gone."""
        self.ask(b"k")
        self.wait(10)
        self._let_reader_end()
        return self.returncode

    def _let_reader_end(self) -> None:
        """Wait for the reading thread's last steps: who counts threads afterwards finds none."""
        if self._ended and self._reader is not threading.current_thread():
            self._reader.join()

    def close_copy(self) -> None:
        """Close this process's end of the lifeline: what a forked copy of the kernel must do."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


def living() -> list[KeptProcess]:
    """Return every child of this process that still runs."""
    return [process for process in list(_living) if process.alive]


def _let_go_after_fork() -> None:
    # A fork copies the writing end; while any copy is open, end of file never comes.
    for process in list(_living):
        process.close_copy()
    _living.clear()


os.register_at_fork(after_in_child=_let_go_after_fork)
