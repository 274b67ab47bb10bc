"""A thread for every client, and what one of them says goes to all of them: a shared dictionary.

Two lines differ from shout_threads_locked: nothing keeps `members` still while a thread walks
over it.
"""

import socket
import threading

members: dict[socket.socket, bool] = {}


def serve(listener: socket.socket) -> None:
    """Give every client a thread."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=look_after, args=(client,), daemon=True).start()


def look_after(client: socket.socket) -> None:
    """Pass on what this client says, until it leaves."""
    members[client] = True
    try:
        while data := client.recv(65536):
            shout(data)
    except OSError:  # reset: this client is gone
        pass
    del members[client]
    client.close()


def shout(data: bytes) -> None:
    """Send `data` to every member."""
    for member in members:
        try:
            member.sendall(data)
        except OSError:  # gone meanwhile: its own thread sees to that
            pass
