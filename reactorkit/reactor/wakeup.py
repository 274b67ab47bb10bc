"""What wakes a reactor that sleeps in its wait: a byte in a socket pair that it watches.

Another thread cannot simply hand over a function: select() would sleep on. A signal neither: since
PEP 475 Python goes back to waiting after a signal handler has run. But both can write one byte, and
a socket that has a byte is a readable handle like any other.
"""

import signal
import socket
from collections import deque

from reactorkit.reactor.handlers import EventHandler

CALL = b"\0"  # no signal has this number


class Wakeup(EventHandler):
    """Runs, in the reactor's thread, what other threads ask for, and what signals stand for.

    Every reactor registers one of its own.
    """

    __slots__ = ("_calls", "_signals", "_theirs", "_wakeup_fd_before")

    def __init__(self, reactor):
        ours, self._theirs = socket.socketpair()
        ours.setblocking(False)
        self._theirs.setblocking(False)
        super().__init__(reactor, ours)
        self._calls = deque()  # append() and popleft() are atomic: no lock is needed
        self._signals = {}
        self._wakeup_fd_before = None

    def call(self, function, *args):
        """Have a function called soon; from any thread."""
        # In this order: whoever reads the byte finds the call.
        self._calls.append((function, args))
        try:
            self._theirs.send(CALL)
        except BlockingIOError:  # full of bytes: it will wake without ours
            pass
        except OSError:  # closed: the reactor has ended, and nobody will call anything
            self._calls.clear()

    def on_signal(self, number, function, *args):
        """Have a function called, between two handlers, when a signal has come.

        Python's own handlers run between any two steps of the main thread, in the middle of
        whatever a handler is doing; this one runs when nothing else does. Main thread only
        (ValueError elsewhere).
        """
        self._signals[number] = function, args
        # Python writes a signal's number into this descriptor (signal.set_wakeup_fd), but only for
        # signals that have a handler in Python. One may find the pair full: it is woken anyway.
        before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        if self._wakeup_fd_before is None:
            self._wakeup_fd_before = before
        # Last: from here on a signal is a byte and nothing else, so the byte has to have its way.
        signal.signal(number, lambda *_: None)

    def handle_readable(self):
        """Empty the pair, then do what was asked for."""
        try:
            numbers = self.handle.recv(4096)
        except BlockingIOError:
            return
        for number in numbers:
            if number in self._signals:
                function, args = self._signals[number]
                self.reactor.attempt(function, *args)
        # As many as there are now: a thread that keeps asking must not keep everybody waiting. For
        # each later one a byte is in the pair still.
        for _ in range(len(self._calls)):
            function, args = self._calls.popleft()
            self.reactor.attempt(function, *args)

    def handle_stop(self):
        """Stay: the others may still need to be woken."""

    def handle_close(self):
        """Close both ends."""
        if self._wakeup_fd_before is not None:
            signal.set_wakeup_fd(self._wakeup_fd_before)
        self._theirs.close()
        self.handle.close()
