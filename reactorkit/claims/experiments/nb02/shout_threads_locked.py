"""A thread for every client, and what one of them says goes to all of them: a shared dictionary.

Differs from shout_threads in one place: a lock guards `members`, and shout() walks over a copy
made under the lock.
"""

import socket
import threading

members: dict[socket.socket, bool] = {}
guard = threading.Lock()


def serve(listener: socket.socket) -> None:
    """Give every client a thread."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=look_after, args=(client,), daemon=True).start()


def look_after(client: socket.socket) -> None:
    """Pass on what this client says, until it leaves."""
    with guard:
        members[client] = True
    try:
        while data := client.recv(65536):
            shout(data)
    except OSError:  # reset: this client is gone
        pass
    with guard:
        del members[client]
    client.close()


def shout(data: bytes) -> None:
    """Send `data` to every member."""
    with guard:
        present = list(members)
    for member in present:
        try:
            member.sendall(data)
        except OSError:  # gone meanwhile: its own thread sees to that
            pass
