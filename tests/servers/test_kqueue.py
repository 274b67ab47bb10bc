"""echo_epoll where there is no epoll: its few lines for kqueue, over a stand-in for kqueue(2).

The stand-in has kqueue's rules as far as the server touches them: a filter per descriptor and
direction, deleting an unknown one is an error (ENOENT), a closed descriptor loses its filters.
It was written from the manual page; on macOS and BSD the contract test uses the real one.
"""

import random
import threading

import pytest

from reactorkit import Peer
from reactorkit.lab.server import Server

STAND_IN = """
import select

class kevent:
    def __init__(self, ident, filter, flags):
        self.ident = ident if isinstance(ident, int) else ident.fileno()
        self.filter, self.flags = filter, flags

class kqueue:
    def __init__(self):
        self.filters, self.poll = set(), select.poll()

    def control(self, changes, most, timeout=None):
        for change in changes or ():
            key = change.ident, change.filter
            if change.flags == select.KQ_EV_ADD:
                self.filters.add(key)
            elif key in self.filters:
                self.filters.remove(key)
            else:
                raise FileNotFoundError(2, "No such file or directory")
            bits = {select.KQ_FILTER_READ: select.POLLIN, select.KQ_FILTER_WRITE: select.POLLOUT}
            mask = sum(bits[kind] for fd, kind in self.filters if fd == change.ident)
            if mask:
                self.poll.register(change.ident, mask)
            else:
                self.poll.unregister(change.ident)
        if not most:
            return []
        found = []
        for fd, bits in self.poll.poll():
            broken = bits & (select.POLLHUP | select.POLLERR)
            for kind, bit in ((-1, select.POLLIN), (-2, select.POLLOUT)):
                if (fd, kind) in self.filters and (bits & bit or broken):
                    found.append(kevent(fd, kind, 0))
        return found[:most]

select.kqueue, select.kevent = kqueue, kevent
select.KQ_FILTER_READ, select.KQ_FILTER_WRITE = -1, -2
select.KQ_EV_ADD, select.KQ_EV_DELETE = 1, 2
del select.epoll, select.EPOLLIN, select.EPOLLOUT

from reactorkit.servers.echo_epoll import Kqueue, Poller, serve
assert Poller is Kqueue
"""


@pytest.fixture
def server(tmp_path):
    file = tmp_path / "with_kqueue.py"
    file.write_text(STAND_IN)
    with Server(file) as server:
        yield server


def test_echoes_more_than_fits_and_answers_the_half_close(server):
    data = random.Random(1).randbytes(8 << 20)
    with Peer(server.address, rcvbuf=4096, timeout=20) as peer:

        def send():
            peer.send(data)
            peer.half_close()

        sender = threading.Thread(target=send)
        sender.start()
        assert peer.recv_to_eof() == data
        sender.join()


def test_survives_resets_idle_and_while_bytes_are_owed(server):
    with Peer(server.address, timeout=20) as neighbour:
        for size in (1, 1000, 4 << 20):
            for _ in range(5):
                rude = Peer(server.address, rcvbuf=4096, timeout=0.2)
                rude.sock.setblocking(False)
                rude.sock.send(bytes(size))
                neighbour.echo(b"hello")
                rude.reset()
                neighbour.echo(b"hello")
    assert server.log == f"listening 127.0.0.1 {server.port}"
