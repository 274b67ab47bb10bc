"""Stand between a notebook's kernel and one child, so that the child can never outlive the kernel.

The kernel holds the writing end of a pipe, the lifeline; this process reads the other end.
The kernel never has to say goodbye: whether it exits, restarts or is killed with SIGKILL,
the operating system closes its end, `read` returns end of file, and the child's whole
family is killed. Watching from outside also works when the child is stopped or never
returns to Python, and adds no thread to what is measured.

Why not PR_SET_PDEATHSIG: it fires when the *thread* that spawned the child ends (prctl(2)).

Run as a plain file (`python -I -S keeper.py LIFELINE STATUS NOFILE [FD...] -- COMMAND...`) with the
standard library only, so that it is ready within a few hundredths of a second. NOFILE is the
child's soft limit of descriptors, 0 for ours; the FDs are handed on to the child.

Words on the lifeline, one byte each: `t` ends the child politely (SIGTERM), `k` kills it,
`s` stops it and `c` continues it (SIGSTOP, SIGCONT).
Lines on the status pipe: `pid N`, later `exit CODE` (negative: ended by that signal).
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import sys

# From <linux/prctl.h>: orphans below this process become its children, so none gets away.
PR_SET_CHILD_SUBREAPER = 36
FOR_THE_GROUP = {b"k": signal.SIGKILL, b"s": signal.SIGSTOP, b"c": signal.SIGCONT}


def become_subreaper() -> None:
    """Adopt the child's orphans (Linux; elsewhere only the process group is known)."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(of: int) -> list[int]:
    """Return the pids below `of`, nearest first; empty where /proc cannot tell (proc(5))."""
    found, queue = [], [of]
    while queue:
        parent = queue.pop(0)
        try:
            tasks = os.listdir(f"/proc/{parent}/task")
        except OSError:
            continue
        for task in tasks:
            with contextlib.suppress(OSError), open(f"/proc/{parent}/task/{task}/children") as file:
                below = [int(pid) for pid in file.read().split()]
                found += below
                queue += below
    return found


def spawn(command: list[str], nofile: int) -> int:
    """Start the command in a session of its own; return its pid.

    By fork() and exec(), since this process has one thread only: to load `subprocess` would take a
    quarter of the time in which a keeper gets ready.
    """
    running, starting = os.pipe()  # exec() closes them: Python makes descriptors so
    if pid := os.fork():
        os.close(starting)
        # Nothing comes but the end, when the child runs the command. Before that it may have no
        # session and no group of its own, and what is sent to the group would be lost.
        os.read(running, 1)
        os.close(running)
        return pid
    try:
        os.setsid()
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, and exec() would keep that
            signal.signal(ignored, signal.SIG_DFL)
        if nofile:
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, hard))
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        print(f"{command[0]} cannot be started: {error}.", file=sys.stderr, flush=True)
    finally:
        os._exit(127)


def status_of(child: int) -> int | None:
    """Return how the child has ended, and None while it runs."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def kill_family(child: int, code: int | None) -> int:
    """Kill the child's process group and every adopted descendant; return the child's status.

    `code` is that status when it has ended already.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if code is None:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    while True:
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            # Every child of ours has its SIGKILL, so this returns; its orphans come to us.
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0]:  # more than one, before the next look at /proc
                pass
        except ChildProcessError:
            return code


def keep(lifeline: int, status: int, nofile: int, hand_on: list[int], command: list[str]) -> None:
    """Run `command` in a session of its own until it ends or the lifeline closes."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    become_subreaper()
    for number in (lifeline, status):  # not for the child
        os.set_inheritable(number, False)
    child = spawn(command, nofile)
    for number in hand_on:  # or the end of the child would not be the end of it
        os.close(number)
    os.write(status, b"pid %d\n" % child)
    with selectors.DefaultSelector() as selector:
        selector.register(lifeline, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while (code := status_of(child)) is None:
            ready = {key.fd for key, _ in selector.select()}
            if woken in ready:
                os.read(woken, 4096)
            if lifeline in ready:
                word = os.read(lifeline, 1)
                if not word:
                    break
                obey(word, child)
    code = kill_family(child, code)
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"exit %d\n" % code)


def obey(word: bytes, child: int) -> None:
    """Send what the kernel asked for; the child is not reaped yet, so its pid is still its own."""
    with contextlib.suppress(ProcessLookupError):
        if word == b"t":
            os.kill(child, signal.SIGTERM)
            # A stopped process keeps SIGTERM pending until it continues (signal(7)).
            os.killpg(child, signal.SIGCONT)
        elif word in FOR_THE_GROUP:
            os.killpg(child, FOR_THE_GROUP[word])


def main() -> None:
    """Read the descriptors, the limit and the command from the command line."""
    split = sys.argv.index("--")
    lifeline, status, nofile, *hand_on = [int(word) for word in sys.argv[1:split]]
    # Ctrl-C and an interrupted kernel are not for us. A handler, not SIG_IGN: exec() resets
    # handlers to the default, while an ignored signal stays ignored in the child.
    signal.signal(signal.SIGINT, lambda *_: None)
    keep(lifeline, status, nofile, hand_on, sys.argv[split + 1 :])


if __name__ == "__main__":
    main()
