"""Puts right what makes kernels of ipykernel 7.0 to 7.3 deaf: a request at a bad moment.

Such a kernel sends its replies on the very socket from which a stream reads the requests, past
that stream. Sending takes in what has arrived meanwhile, and the socket's descriptor does not
become readable for it any more: it tells of a change, not of a state (zmq_getsockopt(3), ZMQ_FD).
A request that comes just then is not read, nor is any after it. A live board says thirty times a
second that it was painted, so the moment is not rare. From 7.4 on ipykernel replies through the
stream; this has the older ones do the same.

The environment of the course loads this module into every kernel as it starts (tools/set_up.py);
in another environment the first call of the kit in a notebook does.
"""

from __future__ import annotations

import sys
from typing import Any


def load_ipython_extension(_shell: Any) -> None:
    """Mend the kernel that is starting."""
    mend()


def mend() -> None:
    """Have the kernel in this process reply through its stream; safe to call again, and anywhere.

    Other versions of ipykernel, and processes that are no kernel, stay as they are.
    """
    if "ipykernel" not in sys.modules:
        return
    from IPython import get_ipython

    kernel: Any = getattr(get_ipython(), "kernel", None)
    thread: Any = getattr(kernel, "shell_channel_thread", None)
    senders: list[Any] = [thread, getattr(thread, "_manager", None)]
    for sender in senders:
        if hasattr(sender, "_shell_socket"):
            sender._shell_socket = kernel.shell_stream
