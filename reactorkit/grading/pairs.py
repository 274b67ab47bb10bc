"""A connection with both ends in our hands, so that one of them can be handed to a submission."""

from __future__ import annotations

import socket


def connected(
    *, rcvbuf: int | None = None, near_rcvbuf: int | None = None, near_sndbuf: int | None = None
) -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection over loopback: near, which has accepted, and far.

    Arguments:
        rcvbuf: bytes for SO_RCVBUF of the far end, set before connecting (tcp(7)); the system's
            choice when None, as for the others.
        near_rcvbuf, near_sndbuf: bytes for SO_RCVBUF and SO_SNDBUF of the near end.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if near_rcvbuf is not None:  # handed down to what is accepted
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, near_rcvbuf)
        far = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if rcvbuf is not None:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        far.connect(listener.getsockname())
        near, address = listener.accept()
        while address != far.getsockname():  # somebody else of this machine was faster
            near.close()
            near, address = listener.accept()
    if near_sndbuf is not None:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, near_sndbuf)
    return near, far
