"""The Initiation Dispatcher: waits for many handles at once, and calls the handler of each that is
ready.

This is the heart of the pattern, and nearly all of it is `handle_events`. One thread runs
everything, so no handler needs a lock, and none may take long: while one runs, all others wait.
"""

import logging
import selectors
import time
from collections import deque

from reactorkit.reactor.handlers import READ, WRITE
from reactorkit.reactor.timers import Timer, TimerQueue
from reactorkit.reactor.wakeup import Wakeup

log = logging.getLogger(__name__)


class Reactor:
    """Calls event handlers when their handles are ready, timers when they are due.

    Arguments:
        selector: the Synchronous Event Demultiplexer; selectors.DefaultSelector() if left out.
        spin: for how many seconds after an event to ask again and again before going to sleep. A
            client that answers at once is then served without being waited for by the scheduler;
            0.0001 to 0.0002 is plenty, and an idle reactor sleeps in any case.

    Every method but `call_from_thread` is for the thread that runs the reactor.
    """

    def __init__(self, selector=None, spin=0.0):
        self.selector = selector if selector is not None else selectors.DefaultSelector()
        self.spin = spin
        self.handlers = {}  # descriptor -> handler, also of those that wait for nothing at present
        self.timers = TimerQueue()
        self._soon = deque()
        self._running = self._stopping = self._busy = False
        self._wakeup = Wakeup(self)
        self.register_handler(self._wakeup)

    # --------------------------------------------------------------- handlers

    def register_handler(self, handler):
        """Call this handler from now on whenever its handle is ready for what it waits for.

        Raises ValueError when its descriptor has a handler already, and what the selector raises:
        PermissionError for a regular file with epoll.
        """
        if handler.fd in self.handlers:
            raise ValueError(f"descriptor {handler.fd} has a handler: {self.handlers[handler.fd]}")
        self.handlers[handler.fd] = handler
        try:
            self.refresh(handler)
        except BaseException:
            del self.handlers[handler.fd]
            raise

    def remove_handler(self, handler):
        """Never call this handler again, not even if it is ready in this very turn."""
        if not self.has(handler):
            return
        if handler.watched:
            self.selector.unregister(handler.handle)
            handler.watched = 0
        del self.handlers[handler.fd]

    def has(self, handler):
        """Return whether this handler is registered."""
        return self.handlers.get(handler.fd) is handler

    def refresh(self, handler):
        """Wait for what the handler is interested in now.

        Done after each of its own calls. Whoever changes its state from elsewhere asks for it.
        """
        wanted, watched = handler.interest, handler.watched
        if wanted == watched or not self.has(handler):
            return
        if not watched:
            self.selector.register(handler.handle, wanted, handler)
        elif not wanted:  # no selector can be asked to wait for nothing
            self.selector.unregister(handler.handle)
        else:
            self.selector.modify(handler.handle, wanted, handler)
        handler.watched = wanted

    # ------------------------------------------------------------------- turn

    def handle_events(self, timeout=None):
        """Take one turn: wait until something is ready or due, and call whom it concerns.

        Arguments:
            timeout: seconds to wait at most; None for as long as it takes.
        """
        ready = self._wait(timeout)
        self._busy = bool(ready)
        for key, mask in ready:
            handler = key.data
            try:
                # Stale events: a handler before this one in the same turn may have removed it, and
                # its own first call may do so. Then `watched` is 0.
                if mask & READ & handler.watched:
                    handler.handle_readable()
                if mask & WRITE & handler.watched:
                    handler.handle_writable()
                if handler.interest != handler.watched:
                    self.refresh(handler)
            except Exception:  # a handler's bug must not silence the other clients
                log.exception("%r failed and is removed", handler)
                self.attempt(handler.close)
        for timer in self.timers.due():
            self.attempt(timer.function, *timer.args)
        for _ in range(len(self._soon)):  # what these ask for comes after the next wait
            function, args = self._soon.popleft()
            self.attempt(function, *args)

    def _wait(self, timeout):
        """Return what is ready, after waiting no longer than anybody can."""
        due = 0.0 if self._soon else self.timers.seconds_left()
        if timeout is None or (due is not None and due < timeout):
            timeout = due
        if self.spin and self._busy and (ready := self._spin(timeout)):
            return ready
        return self.selector.select(timeout)

    def _spin(self, timeout):
        """Ask for a moment without sleeping: to fall asleep and be woken costs more."""
        end = time.monotonic() + (self.spin if timeout is None else min(self.spin, timeout))
        while not (ready := self.selector.select(0)) and time.monotonic() < end:
            pass
        return ready

    def attempt(self, function, *args):
        """Call a function; a bug in it is logged, and is nobody else's trouble."""
        try:
            function(*args)
        except Exception:  # as in handle_events
            log.exception("%r failed", function)

    # ------------------------------------------------------------------ calls

    def call_soon(self, function, *args):
        """Call function(*args) at the end of this turn, after all handlers."""
        self._soon.append((function, args))

    def call_later(self, seconds, function, *args):
        """Call function(*args) once, some seconds from now; returns a Timer, to cancel it."""
        return self.timers.add(Timer(time.monotonic() + seconds, function, args))

    def call_every(self, seconds, function, *args):
        """Call function(*args) every so many seconds; returns a Timer, to cancel it."""
        if seconds <= 0:
            raise ValueError(f"a period is longer than {seconds} s")
        return self.timers.add(Timer(time.monotonic() + seconds, function, args, seconds))

    def call_from_thread(self, function, *args):
        """Call function(*args) in the reactor's thread, soon; for any thread to use."""
        self._wakeup.call(function, *args)

    def on_signal(self, number, function, *args):
        """Call function(*args), between two handlers, whenever this signal comes."""
        self._wakeup.on_signal(number, function, *args)

    # -------------------------------------------------------------------- run

    def run(self):
        """Take turns until `stop`. Then everything that is still registered is closed."""
        self._running, self._stopping = True, False
        try:
            while self._running and not (self._stopping and self._nobody_is_left()):
                self.handle_events()
        finally:
            self._running = False
            self.close()

    def stop(self, within=0.0):
        """Let `run` end: after this turn, or once the handlers have finished.

        Arguments:
            within: how many seconds they may take to send what they owe (`handle_stop`).
        """
        if within <= 0 or self._stopping:  # asked twice: somebody is in a hurry
            self._running = False
            return
        self._stopping = True
        self.call_later(within, self.stop)
        for handler in list(self.handlers.values()):
            self.attempt(handler.handle_stop)
            self.attempt(self.refresh, handler)

    def close(self):
        """Close every handler and the selector."""
        for handler in list(self.handlers.values()):
            self.attempt(handler.close)
        self.selector.close()

    def _nobody_is_left(self):
        return all(handler is self._wakeup for handler in self.handlers.values())
