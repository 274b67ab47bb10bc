"""Start one server in this process: load it, make its listener, hand it over.

    python -m reactorkit serve echo_threads
    python -m reactorkit serve work/my_server.py --port 8000

A server is a file with a function serve(listener). The listener arrives bound and listening, so
that no server has to fight for a port. One line, `listening HOST PORT`, tells whoever started us
that connections are accepted; what the server itself prints follows it.

This file runs inside every server that is measured, so it loads little, and it is short enough
to read: there is nothing else between the command line and serve(listener).
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, NoReturn

from reactorkit import servers
from reactorkit.errors import KitError, nearest

GRACE = 3.0  # seconds from the first signal to the end of the process
# How many connections the kernel completes and keeps until accept() takes them. Linux cuts this
# to net.core.somaxconn, 4096 today. The usual 128 is too few for a crowd that comes at once.
BACKLOG = 1024


def main(argv: list[str] | None = None) -> int:
    """Serve what the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m reactorkit serve",
        description="Start one server: a rung of the ladder, or a file with serve(listener) in it.",
        epilog="Ctrl-C ends it. `python -m reactorkit ladder` lists the rungs.",
        # Asked for the terminal's width, argparse would load every compression library there is.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=88),
    )
    parser.add_argument("target", metavar="NAME|FILE", help="echo_threads, or work/my_server.py")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    parser.add_argument("--port", default="0", help="0 lets the system pick a free one (0)")
    options = parser.parse_args(argv)
    sys.excepthook = show_without_our_frames
    stop = Stop()
    try:
        serve = load(find(options.target))
        listener = listen(options.host, port_number(options.port))
        run(serve, listener)
    except KitError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        stop.limit_what_is_left()
    except RuntimeError as error:
        if not broke_a_lock(error):
            raise
    if stop.asked:
        wait_for_threads()
        leave()
    if signal.getsignal(signal.SIGTERM) is stop:  # nobody else decides about the end
        print("serve() has returned, so this server ends.", file=sys.stderr)
    return 0


def run(serve: Callable[[socket.socket], Any], listener: socket.socket) -> None:
    """Say that we listen, and serve."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # so that each line is seen when it is printed
    # The kernel accepts connections since listen(): nobody who reads this line comes too early.
    print("listening", *listener.getsockname()[:2], flush=True)
    left = serve(listener)
    if hasattr(left, "__await__"):
        left.close()
        raise KitError(
            "serve() is an async function, so calling it did nothing. Make it a plain one that "
            "calls asyncio.run(...)."
        )


# ---------------------------------------------------------------- the target


def find(target: str) -> Path:
    """Return the path of a rung's or a learner's file; KitError when there is no such file."""
    if not target.endswith(".py") and os.sep not in target:
        rung = servers.rung(target)
        if rung.missing:
            raise KitError(rung.missing)
        return rung.path
    path = Path(target).absolute()
    if path.is_file():
        return path
    siblings = path.parent.iterdir() if path.parent.is_dir() else []
    raise KitError(
        f"There is no file {target}.{nearest(path.name, [file.name for file in siblings])}"
    )


def load(path: Path) -> Callable[[socket.socket], Any]:
    """Run the file as a module and return its serve(); KitError when that cannot be."""
    name = path.stem
    if name in sys.modules or name in sys.stdlib_module_names:
        raise KitError(
            f"{path.name} has the name of one of Python's own modules, and `import {name}` could "
            "mean either. Rename the file."
        )
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = str(path)
    sys.path.append(str(path.parent))  # last: what lies there must not hide Python's own modules
    # Compiled here, not imported: an import may take a file's older bytecode when the file was
    # saved twice within a second, and leaves a __pycache__ beside the learner's work.
    code = compiled(path)
    try:
        exec(code, module.__dict__)
    except SystemExit as error:
        raise KitError(f"{path} ended itself while it was being loaded: {error!r}.") from error
    serve: Callable[[socket.socket], Any] | None = getattr(module, "serve", None)
    if not callable(serve):
        raise KitError(f"{path} has no function serve(listener), so there is nothing to start.")
    return serve


def compiled(path: Path) -> CodeType:
    """Return the file's code; KitError with line and place when it is not Python."""
    try:
        return compile(path.read_bytes(), path, "exec", dont_inherit=True)
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from error
    except SyntaxError as error:
        where = f"{path}, line {error.lineno}: " if error.lineno else f"{path}: "
        raise KitError(f"{where}{error.msg}.{pointed_at(error)}") from error
    except ValueError as error:
        raise KitError(f"{path} is not Python source: {error}.") from error


def pointed_at(error: SyntaxError) -> str:
    """Return the line of a syntax error, and a caret below the place."""
    if not error.text:
        return ""
    line = error.text.rstrip()
    column = max((error.offset or 1) - 1, 0)
    gap = "".join("\t" if char == "\t" else " " for char in line[:column].ljust(column))
    return f"\n{line}\n{gap}^"


def show_without_our_frames(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print a traceback that begins in the target: what goes wrong there is its author's to see."""
    rest = trace
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == __file__:
            rest = trace.tb_next
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(rest), rest)


# -------------------------------------------------------------- the listener


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at host and port; KitError says why it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Protocol 0 would mean the same to the kernel. But libraries look at the number: asyncio sets
    # TCP_NODELAY only on sockets that say IPPROTO_TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A restart may have the same port at once, while the kernel still keeps old connections
    # of it in TIME_WAIT (socket(7), SO_REUSEADDR).
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Nagle's rule holds back the second part of an answer until the first is acknowledged, and
    # the client may take 40 ms for that. Connections inherit the option when the kernel makes
    # them, which begins with listen(): later would be too late for the first ones.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise KitError(why_not(host, port, error)) from error
    actual = listener.getsockname()[0]
    if not actual.startswith("127.") and actual != "::1":
        print(
            f"Warning: {actual} is not a loopback address. Other machines can reach this server, "
            "and it trusts everybody.",
            file=sys.stderr,
        )
    return listener


def why_not(host: str, port: int, error: OSError) -> str:
    """Say why nobody can listen at host and port, and what to do."""
    if isinstance(error, socket.gaierror):
        return f"{host!r} is not an address or a known name. Leave --host out to use 127.0.0.1."
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken: another program listens on it. Choose another one, or leave "
            "--port out and the system picks a free one."
        )
    if error.errno == errno.EACCES:
        return f"The system reserves port {port}. Choose one above 1023, or leave --port out."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine. Leave --host out to use 127.0.0.1."
    return f"Nobody can listen at {host}, port {port}: {error.strerror}."


def port_number(text: str) -> int:
    """Return the port that a word means; KitError when it means none."""
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise KitError(f"{text!r} is not a port. Ports are whole numbers from 0 to 65535.")


# ------------------------------------------------------------------- the end


class Stop:
    """Handler that turns SIGINT and SIGTERM into KeyboardInterrupt in the main thread.

    GRACE seconds after the first signal the process ends anyway, and after a second one at once.
    A target that installs handlers of its own replaces this one. Python runs handlers between two
    steps of the main thread: one that is lost inside C code can only be killed.
    """

    def __init__(self) -> None:
        self.asked = False
        # asyncio.run() ends its loop in good order on SIGINT, by a handler of its own, but puts it
        # only where the default one was (asyncio/runners.py). So we have to be the default.
        signal.default_int_handler = self  # type: ignore[assignment]
        signal.signal(signal.SIGINT, self)
        signal.signal(signal.SIGTERM, self)

    def __call__(self, _: int, frame: FrameType | None) -> None:
        """Take a signal, between two steps of whatever the target is doing."""
        if self.asked:
            leave()
        self.limit_what_is_left()
        targets_own = signal.getsignal(signal.SIGINT)
        if targets_own is self or not callable(targets_own):
            raise KeyboardInterrupt
        targets_own(signal.SIGINT, frame)  # it knows how to end: here SIGTERM means the same

    def limit_what_is_left(self) -> None:
        """Set the alarm that ends the process, unless the target uses the alarm itself."""
        self.asked = True
        if signal.getsignal(signal.SIGALRM) == signal.SIG_DFL:
            signal.signal(signal.SIGALRM, lambda *_: leave())
            signal.setitimer(signal.ITIMER_REAL, GRACE)


def broke_a_lock(error: RuntimeError) -> bool:
    """Return whether a signal has come between two steps of the module threading.

    Where a Condition waits it gives its lock back, and when it is interrupted just then, its `with`
    gives it back once more. Thread.start() waits in this way.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    inside = trace is not None and trace.tb_frame.f_globals.get("__name__") == "threading"
    return inside and isinstance(error.__context__, KeyboardInterrupt)


def wait_for_threads() -> None:
    """Let threads that are meant to outlive serve() finish; the alarm ends a longer wait."""
    if threading := sys.modules.get("threading"):
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()


def leave() -> NoReturn:
    """Flush what was printed and end with status 0, without asking anybody again.

    Python's usual way out can hang or crash on daemon threads that are printing. It would also
    run the target's atexit functions; these do not run after a signal, `finally` blocks do.
    """
    # Nobody may be reading what we flush. Then one second is enough.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    for stream in (sys.stdout, sys.stderr):
        # RuntimeError: the signal came in the middle of a print.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            stream.flush()
    os._exit(0)
