"""Runs a command apart from the rest of the machine; see isolation.py for what that keeps it from.

    python -I -S apart.py namespaces FOLDER HIDDEN KEPT -- COMMAND...
    python -I -S apart.py uid NUMBER -- COMMAND...

Standard library only, and nothing of a submission is loaded here: it begins with COMMAND.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

# From <linux/sched.h>, <linux/mount.h> and <linux/prctl.h>.
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_NOATIME, MS_NODIRATIME = 4096, 16384, 1 << 18, 1024, 2048
MS_RELATIME = 1 << 21
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
KEPT = {
    "nosuid": MS_NOSUID,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "noatime": MS_NOATIME,
    "nodiratime": MS_NODIRATIME,
    "relatime": MS_RELATIME,
}
NOBODY = 1000  # our number inside
LARGEST_FILE = 256 << 20  # bytes

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise OSError when a call into the C library has failed."""
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: str, kind: str | None, flags: int) -> None:
    """Call mount(2)."""
    texts = [None if one is None else one.encode() for one in (source, target, kind)]
    checked(libc.mount(*texts, ctypes.c_ulong(flags), None), f"mount {target}")


def enter_namespaces(folder: str, hidden: str, kept: str) -> None:
    """Leave behind: the network, all processes, and every place to write to but `folder`.

    Nothing of the folder `hidden` is to be seen, but `folder` and `kept` if they lie in it.
    """
    uid, gid = os.getuid(), os.getgid()
    spaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
    checked(libc.unshare(spaces), "unshare")
    write("/proc/self/setgroups", "deny")  # user_namespaces(7): needed before gid_map
    # Not as its root: whoever is not root loses all capabilities at exec (capabilities(7)), and
    # with them the way to undo what follows.
    write("/proc/self/uid_map", f"{NOBODY} {uid} 1")
    write("/proc/self/gid_map", f"{NOBODY} {gid} 1")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    cover(hidden, (folder, kept))
    mount(folder, folder, None, MS_BIND)
    os.chdir(folder)  # the working folder that we came with is still the one below this mount
    for target, options in mounts():
        if target != folder:
            locked = sum(KEPT[one] for one in options if one in KEPT)  # these have to stay
            try:
                mount("none", target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | locked)
            except OSError:
                if os.access(target, os.W_OK):  # else nothing can be written there as it is
                    raise


def cover(hidden: str, kept: tuple[str, ...]) -> None:
    """Cover a folder by an empty one, in which only what is kept of it is to be found."""
    inside = [path for path in kept if path.startswith(hidden + "/")]
    handles = [os.open(path, os.O_PATH | os.O_DIRECTORY) for path in inside]
    mount("none", hidden, "tmpfs", MS_NOSUID | MS_NODEV)
    for path, handle in zip(inside, handles, strict=True):
        os.makedirs(path, exist_ok=True)  # noqa: PTH103 - a small start: no pathlib
        mount(f"/proc/self/fd/{handle}", path, None, MS_BIND | MS_REC)
        os.close(handle)


def mounts() -> list[tuple[str, list[str]]]:
    """Return each mount point and its options (proc(5), mountinfo)."""
    with open("/proc/self/mountinfo") as file:  # noqa: PTH123 - a small start: no pathlib
        fields = [line.split() for line in file]
    # Spaces in names are written as \\040.
    return [(one[4].encode().decode("unicode_escape"), one[5].split(",")) for one in fields]


def write(path: str, text: str) -> None:
    """Write a file of /proc."""
    with open(path, "w") as file:  # noqa: PTH123
        file.write(text)


def run_as_the_first_process(command: list[str]) -> int:
    """Run the command below the first process of a pid namespace, which is this one's child.

    That first process adopts orphans, and the kernel kills everybody when it ends
    (pid_namespaces(7)). It is not the command itself: signals without a handler do not reach it.
    """
    first = os.fork()
    if first:
        return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    below = os.fork()
    if not below:
        execute(command)
    while True:
        pid, status = os.wait()
        if pid == below:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def execute(command: list[str]) -> None:
    """Become the command, with no way to more rights, and no core or endless file."""
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    os.execv(command[0], command)


def main() -> None:
    """Do what the command line says."""
    how, what, *words = sys.argv[1:]
    place = words.index("--")
    command = words[place + 1 :]
    if how == "namespaces":
        enter_namespaces(what, *words[:place])
        # A signal to end is for the command; its end is ours.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        sys.exit(abs(run_as_the_first_process(command)))
    os.setgroups([])
    os.setresgid(int(what), int(what), int(what))
    os.setresuid(int(what), int(what), int(what))
    execute(command)


if __name__ == "__main__":
    main()
