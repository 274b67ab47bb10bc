"""Coroutines on the reactor: code that reads from top to bottom, on the same loop.

    async def echo(client):
        while data := await recv(client):
            await send_all(client, data)

A callback has to remember in its object how far it has come. A coroutine remembers by itself: its
frame, with all local variables and the place where it stopped, stays in memory while it waits.
`await` is the place where it stops. What makes it go on is a Task, and a Task is woken by an
event handler like any other. So there is no second loop here, only one more kind of handler.

This is also how asyncio works, whose tasks and futures do much more.
"""

import errno
import logging
import os
import types

from reactorkit.reactor.handlers import GONE, READ, WRITE, EventHandler

log = logging.getLogger(__name__)


class Cancelled(BaseException):
    """Raised inside a coroutine at the `await` where it stands when its task is cancelled.

    It is no Exception, so that `except Exception` in a coroutine does not stop it (the reason for
    which asyncio.CancelledError changed its base in Python 3.8).
    """


@types.coroutine
def suspend(arm):
    """Stop here, until somebody wakes the task; return what it is woken with.

    Arguments:
        arm: arm(task) arranges that somebody calls task.wake, and returns a function that undoes
            this, for a task that is cancelled meanwhile.
    """
    # The only `yield` there is: every `await` leads down to it, and from here to Task._go_on.
    return (yield arm)


class Task:
    """Runs one coroutine on a reactor, from one `await` to the next, beginning with the next turn.

    Arguments:
        reactor: the reactor. coroutine: what an `async def` function returns.

    `done` tells whether it has ended, `result` what it returned, `error` what it raised.
    """

    def __init__(self, reactor, coroutine):
        self.reactor = reactor
        self.done, self.result, self.error = False, None, None
        self._coroutine = coroutine
        self._disarm = None  # undoes what it waits for; None while it runs or is about to
        self._cancelled = False
        self._watchers = []
        reactor.call_soon(self._go_on)

    def wake(self, value=None, error=None):
        """Go on now: what it has been waiting for is there, or has failed."""
        self._disarm = None
        self._go_on(value, error)

    def cancel(self):
        """Raise Cancelled where it stands: in this turn, or at its next `await` if it runs now."""
        if self.done or self._cancelled:
            return
        self._cancelled = True
        if self._disarm is not None:
            self._disarm()
            self._disarm = None
            self.reactor.call_soon(self._go_on)

    def when_done(self, function):
        """Call function(task) when it has ended, or soon if it has; its errors are then known."""
        if self.done:
            self.reactor.call_soon(function, self)
        else:
            self._watchers.append(function)

    async def join(self):
        """Wait for its end; return its result, or raise its error."""
        await gather(self)
        return self.result

    def _go_on(self, value=None, error=None):
        """Run the coroutine up to its next `await`, and arrange what it waits for there."""
        while not self.done:
            if self._cancelled:
                self._cancelled, error = False, Cancelled()
            try:
                arm = self._coroutine.throw(error) if error else self._coroutine.send(value)
            except StopIteration as end:
                self._end(result=end.value)
            except (Cancelled, Exception) as reason:  # noqa: BLE001 - its end, and _end tells it
                self._end(error=reason)
            else:
                value, error = None, None
                if self._cancelled:  # while it ran: this `await` is the next one
                    continue
                try:
                    self._disarm = arm(self)
                    return
                except Exception as reason:  # noqa: BLE001 - raised at its `await` instead
                    error = reason

    def _end(self, result=None, error=None):
        self.done, self.result, self.error = True, result, error
        for function in self._watchers:
            self.reactor.attempt(function, self)
        if isinstance(error, Exception) and not self._watchers:
            log.error("a task has failed, and nobody waits for it", exc_info=error)


# ------------------------------------------------------------- what to await


async def readable(handle):
    """Wait until there is something to read from a handle, or its end, or an error."""
    await suspend(lambda task: _waiting_for(task.reactor, handle).add(READ, task))


async def writable(handle):
    """Wait until the kernel has room for bytes to a handle."""
    await suspend(lambda task: _waiting_for(task.reactor, handle).add(WRITE, task))


async def sleep(seconds):
    """Wait for some time, while the others go on."""
    await suspend(lambda task: task.reactor.call_later(seconds, task.wake).cancel)


async def this_task():
    """Return the task that runs this coroutine (a turn later)."""

    def arm(task):
        return task.reactor.call_later(0, task.wake, task).cancel

    return await suspend(arm)


async def gather(*jobs):
    """Wait for several coroutines or tasks at once; return their results, in order.

    When one fails, the others are cancelled, and its error is raised here. When this is cancelled,
    so are they.
    """
    try:
        reactor = (await this_task()).reactor
    except BaseException:  # cancelled before they began
        for job in jobs:
            job.cancel() if isinstance(job, Task) else job.close()
        raise
    tasks = [job if isinstance(job, Task) else Task(reactor, job) for job in jobs]
    try:
        await suspend(lambda me: _when_all_are_done(me, tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
    return [task.result for task in tasks]


def _when_all_are_done(me, tasks):
    """Wake a task when these are done, or when one of them fails; it is woken once."""
    missing = set(tasks)
    armed = True

    def ended(task):
        nonlocal armed
        missing.discard(task)
        if armed and (task.error is not None or not missing):
            armed = False
            me.wake(error=task.error)

    def disarm():
        nonlocal armed
        armed = False

    for task in tasks:
        task.when_done(ended)
    if not tasks:
        me.reactor.call_soon(me.wake)
    return disarm


# ------------------------------------------------------------ what wakes them


class Waiting(EventHandler):
    """Wakes the task that waits for a handle to be readable, and the one for it to be writable."""

    __slots__ = ("tasks",)

    def __init__(self, reactor, handle):
        super().__init__(reactor, handle)
        self.tasks = {}

    @property
    def interest(self):
        """What somebody waits for."""
        return sum(self.tasks)

    def add(self, event, task):
        """Wake this task at the event; returns the function that undoes it."""
        if event in self.tasks:
            raise RuntimeError(f"another task waits for this of {self.handle} already")
        self.tasks[event] = task
        try:
            self.reactor.refresh(self)
        except OSError:  # a regular file, with epoll
            self._leave(event)
            raise
        return lambda: self._leave(event)

    def _leave(self, event):
        del self.tasks[event]
        self._rest()

    def handle_readable(self):
        """Wake the reader."""
        self._wake(READ)

    def handle_writable(self):
        """Wake the writer."""
        self._wake(WRITE)

    def _wake(self, event):
        self.tasks.pop(event).wake()
        self._rest()

    def _rest(self):
        """Leave the reactor when nobody waits: the task may have closed the handle by now.

        A task that has already come to wait again, as most do, costs no system call at all.
        """
        if not self.tasks:
            self.reactor.remove_handler(self)
        else:
            self.reactor.refresh(self)

    def handle_close(self):
        """The reactor ends; the handle is its task's to close."""


def _waiting_for(reactor, handle):
    """Return the handler for a handle, a new one if there is none; OSError if it is closed."""
    number = handle.fileno()
    if number < 0:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    known = reactor.handlers.get(number)
    if isinstance(known, Waiting):
        if known.handle is handle:
            return known
        reactor.remove_handler(known)  # its handle was closed, and a new one has got its number
    fresh = Waiting(reactor, handle)
    reactor.register_handler(fresh)
    return fresh


# ------------------------------------------------------------- sockets, awaited


async def accept(listener):
    """Wait for a client; return its socket, non-blocking. The listener is non-blocking too."""
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            await readable(listener)
        except OSError as error:
            if error.errno not in GONE:
                raise
        else:
            client.setblocking(False)
            return client


async def recv(sock, size=65536):
    """Wait for bytes; return them, b"" at the end of the stream. Raises OSError as recv() does.

    It waits first: whoever has just been answered has seldom said the next word by then, and a
    recv() in vain, with its exception, costs a quarter of a whole echo.
    """
    while True:
        await readable(sock)
        try:
            return sock.recv(size)
        except BlockingIOError:  # readiness is a hint (select(2), BUGS)
            continue


async def send_all(sock, data):
    """Send every byte, waiting whenever the kernel's buffer is full. Raises OSError."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[sock.send(rest) :]
        except BlockingIOError:
            await writable(sock)
