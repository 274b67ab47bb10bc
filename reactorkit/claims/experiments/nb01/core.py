"""The four core points: waiting, bytes, what a returned send means, and three endings."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from reactorkit.claims.experiments.nb01 import pictures
from reactorkit.claims.experiments.nb01.wire import (
    both_ends,
    connection,
    unread,
    wait_until,
    wait_until_still,
)
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.peer import RESET_ON_CLOSE, Peer

# --- C07: waiting -------------------------------------------------------------------------------


def waiting_costs_no_cpu(world: World) -> Evidence:
    """C07: one thread waits in recv, another asks again and again, for the same byte."""
    seconds = world.pick(quick=0.3, small=1.0, normal=1.0)
    sleeper, asker = Waiter(_wait_in_recv), Waiter(_ask_again_and_again)
    for waiter in (sleeper, asker):
        world.defer(waiter.close)
        waiter.start()
    time.sleep(seconds)  # the measurement is this stretch of time
    for waiter in (sleeper, asker):
        waiter.release()
    met = is_asleep(sleeper.cpu, sleeper.wall) and len(sleeper.got) == 1
    return Evidence(
        findings={
            "C07": Finding(
                met,
                f"waiting {sleeper.wall:.2f} s in recv(1000) took {sleeper.cpu * 1e3:.2f} ms of "
                f"CPU time ({_percent(sleeper.cpu / sleeper.wall)}) and gave {len(sleeper.got)} "
                f"byte; meanwhile a second thread asked {asker.calls:,} times, for "
                f"{asker.cpu * 1e3:,.0f} ms of CPU time",
                why=""
                if met
                else "The waiting thread used CPU time, or recv gave another number of bytes. "
                "Something interrupted it again and again, such as a profiler or a debugger.",
            )
        },
        data={
            "waits in recv": [sleeper.wall, sleeper.cpu],
            "asks in a loop": [asker.wall, asker.cpu],
        },
        picture=pictures.draw_two_clocks,
        caption="The same wait, two threads. Only asking again and again shows on the CPU's clock.",
        alt=f"Bars of two threads. Waiting in recv: {sleeper.wall:.2f} s on the clock, "
        f"{sleeper.cpu:.4f} s of CPU time. Asking in a loop: {asker.wall:.2f} s on the clock, "
        f"{asker.cpu:.2f} s of CPU time.",
    )


def is_asleep(cpu: float, wall: float) -> bool:
    """Return whether a thread that used `cpu` of `wall` seconds slept: under 2 %."""
    return wall > 0 and cpu < 0.02 * wall


class Waiter:
    """A thread that waits for one byte in its own way, and reads both clocks around it."""

    def __init__(self, wait: Callable[[Waiter], bytes]) -> None:
        self.sender, self.sock = connection()
        self.wall = self.cpu = 0.0
        self.calls = 0
        self.got = b""
        self._wait = wait
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def _run(self) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        self.got = self._wait(self)
        self.cpu = time.thread_time() - cpu
        self.wall = time.perf_counter() - wall

    def release(self) -> None:
        """Send the byte, and wait until the thread has got it."""
        self.sender.sendall(b"!")
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            raise TimeoutError("a byte sent on loopback woke nobody within 10 s")

    def close(self) -> None:
        """Close the connection; the end of the stream also ends a thread that still waits."""
        self.sender.close()
        self._thread.join(timeout=10)
        self.sock.close()


def _wait_in_recv(waiter: Waiter) -> bytes:
    waiter.calls = 1
    return waiter.sock.recv(1000)


def _ask_again_and_again(waiter: Waiter) -> bytes:
    waiter.sock.setblocking(False)
    while True:
        waiter.calls += 1
        try:
            return waiter.sock.recv(1000)
        except BlockingIOError:
            continue


def _percent(share: float) -> str:
    return "under 0.01 %" if share < 0.0001 else f"{share:.2%}".replace("%", " %")


# --- C04: bytes ---------------------------------------------------------------------------------


def bytes_not_messages(world: World) -> Evidence:
    """C04: where the sender's borders are, and where recv finds some."""
    count = world.pick(quick=40, small=60, normal=60)
    peer = world.peer(world.serve("echo_blocking"))
    two = [b"one", b"two"]
    long = [bytes(range(250)) * 12]
    dice = random.Random(4)
    words = [dice.randbytes(dice.randrange(1, 400)) for _ in range(count)]

    back_two, back_long = (_read_later(peer, sends) for sends in (two, long))
    back_words = _read_meanwhile(peer, words)
    intact = b"".join(back_words) == b"".join(words) and b"".join(back_long) == long[0]
    met = borders_are_lost(back_two, [len(piece) for piece in back_long], intact)
    return Evidence(
        findings={
            "C04": Finding(
                met,
                f"two sends came back as {back_two[0]!r} from one recv(1000); one send of 3,000 "
                f"bytes took {len(back_long)} calls of recv(1000); {count} sends came back in "
                f"{len(back_words)} pieces, every byte {'in its place' if intact else 'NOT there'}",
                why=""
                if met
                else "The bytes came out of recv in other pieces than expected. A firewall or "
                "another program that sits between the two ends may have changed them.",
            )
        },
        data={
            "rows": [
                {"title": title, "sent": [len(p) for p in sent], "received": [len(p) for p in back]}
                for title, sent, back in (
                    ("two short sends", two, back_two),
                    ("one long send", long, back_long),
                    (f"{count} sends, read as they come", words, back_words),
                )
            ]
        },
        picture=pictures.draw_borders,
        caption="The same bytes in the same order, but the borders are those of recv, not of send.",
        alt="Pairs of ribbons: the upper one divided where a send ended, the lower one where a "
        f"recv ended. 2 sends became {len(back_two)} piece, 1 send became {len(back_long)} "
        f"pieces, {count} sends became {len(back_words)} pieces.",
    )


def _read_later(peer: Peer, sends: Sequence[bytes]) -> list[bytes]:
    """Send all, wait until their echo has arrived, then return what each recv(1000) gives."""
    for data in sends:
        peer.send(data)
    total = sum(map(len, sends))
    if not wait_until(lambda: unread(peer.sock) == total, 5):
        raise TimeoutError(f"the echo of {total} bytes did not arrive within 5 s")
    return _read(peer, total)


def _read_meanwhile(peer: Peer, sends: Sequence[bytes]) -> list[bytes]:
    """Send in bursts on one thread; return what each recv(1000) gives on another meanwhile."""
    dice = random.Random(7)

    def talk() -> None:
        for data in sends:
            peer.send(data)
            if dice.random() < 0.3:
                time.sleep(0.002)  # a breath, as people and programs take them

    with ThreadPoolExecutor(max_workers=1) as pool:
        sending = pool.submit(talk)
        back = _read(peer, sum(map(len, sends)))
        sending.result()
    return back


def _read(peer: Peer, total: int) -> list[bytes]:
    back: list[bytes] = []
    while sum(map(len, back)) < total:
        back.append(peer.recv(1000))
        if not back[-1]:
            raise ConnectionError("the server ended the connection before all came back")
    return back


def borders_are_lost(together: Sequence[bytes], pieces: Sequence[int], intact: bool) -> bool:
    """Return whether two sends were one recv, one send was three, and every byte came back."""
    return list(together) == [b"onetwo"] and list(pieces) == [1000, 1000, 1000] and intact


# --- C08: send ----------------------------------------------------------------------------------

FIRST, CHUNK = 100_000, 16_384


def filling_the_buffers(world: World) -> Evidence:
    """C08: send to a peer that does not read, until send waits; then let the peer read."""
    still = world.pick(quick=0.3, small=0.5, normal=0.5)
    sender, receiver = (world.enter(sock) for sock in connection())
    writer = Writer(sender)
    world.defer(writer.end_with, receiver)
    writer.thread.start()
    if not wait_until(lambda: bool(writer.marks) or not writer.thread.is_alive(), 5):
        return _send_never_returned(writer)
    plateau = wait_until_still(lambda: writer.total, still)
    at_receiver, full_at = unread(receiver), writer.now()
    waiting = writer.thread.is_alive()
    writer.goal = 2 * plateau
    read_from = writer.now()
    resumed = _read_until(receiver, lambda: writer.total > plateau or not waiting)
    _read_until(receiver, lambda: not writer.thread.is_alive())
    met = waits_only_when_full(writer.marks[0][1], plateau, waiting, resumed)
    mega = plateau / 1e6
    return Evidence(
        findings={
            "C08": Finding(
                met,
                f"send(100,000) returned before the peer had read a byte; in all the kernel took "
                f"{mega:.2f} MB ({at_receiver / 1e6:.2f} MB of it in the peer's receive buffer), "
                f"then send waited; it went on once the peer {'read' if resumed else 'DID NOT'}",
                why=""
                if met
                else "The buffers were smaller than expected, or had not filled up in the time "
                "given. The limits are net.ipv4.tcp_wmem and tcp_rmem on Linux.",
            )
        },
        data={
            "marks": writer.marks,
            "plateau": plateau,
            "receiver": at_receiver,
            "full_at": full_at,
            "read_from": read_from,
        },
        picture=pictures.draw_plateau,
        caption="A steep climb while the buffers fill, then a plateau: send waits for a reader.",
        alt=f"Bytes taken by the kernel against time: up to {mega:.2f} MB in milliseconds, level "
        "while the peer does not read, and up again as soon as it reads.",
    )


def _send_never_returned(writer: Writer) -> Evidence:
    why = "The first send did not return within 5 s although the buffers were empty."
    finding = Finding(False, f"{writer.total} bytes taken, the first send still waits", why)
    return Evidence(findings={"C08": finding})


def waits_only_when_full(first: int, plateau: int, waited: bool, resumed: bool) -> bool:
    """Return whether send ran ahead of the reader, then waited, then went on by the reading."""
    return first >= FIRST and plateau > 65_536 and waited and resumed


class Writer:
    """A thread that sends and sends on a blocking socket, and marks what the kernel has taken."""

    def __init__(self, sock: socket.socket, first: int = FIRST, goal: int = 1 << 40) -> None:
        self.total, self.goal = 0, goal
        self.marks: list[tuple[float, int]] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self._sock, self._first, self._began = sock, first, time.perf_counter()

    def now(self) -> float:
        """Seconds since the writer was made."""
        return time.perf_counter() - self._began

    def _run(self) -> None:
        piece = bytes(self._first)
        while self.total < self.goal:
            try:
                self.total += self._sock.send(piece)
            except OSError:
                return  # the other end was closed under a waiting send: end_with()
            self.marks.append((self.now(), self.total))
            piece = bytes(min(CHUNK, max(1, self.goal - self.total)))

    def end_with(self, receiver: socket.socket) -> None:
        """Close the receiving end, which wakes a waiting send, and wait for the thread."""
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        receiver.close()
        self.thread.join(timeout=10)


def _read_until(receiver: socket.socket, done: Callable[[], bool], timeout: float = 10.0) -> bool:
    """Read whatever comes until `done()`; return False after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    receiver.settimeout(0.05)
    while not done():
        if time.monotonic() > deadline:
            return False
        try:
            receiver.recv(1 << 18)
        except TimeoutError:
            continue  # nothing new yet: look at done() again
    return True


# --- C28: three endings -------------------------------------------------------------------------

REPLY = b"and here is your answer"
ENDINGS = ("close", "reset", "half-close")


def three_endings(world: World) -> Evidence:
    """C28: a client says two words and leaves in one of three ways; what recv tells the server."""
    world.check_stop()
    seen = {ending: _end(ending) for ending in ENDINGS}
    met = endings_differ(seen)
    described = [
        f"after a {ending}: {told['first']}, then {told['second']}" for ending, told in seen.items()
    ]
    reply = "arrived" if seen["half-close"]["reply"] is True else "DID NOT arrive"
    return Evidence(
        findings={
            "C28": Finding(
                met,
                "; ".join(described) + f", and the reply {reply}",
                why=""
                if met
                else "This system tells the end of a connection in another way than expected.",
            )
        },
        data={"seen": seen},
        picture=pictures.draw_endings,
        caption='Three endings, two signs: b"" (no more will come) and ConnectionResetError.',
        alt="Table. "
        + " ".join(
            f"After {ending}: recv {told['first']}, again {told['second']}, reply arrives: "
            f"{ {True: 'yes', False: 'no'}[told['reply']] }."
            for ending, told in seen.items()
        ),
    )


def endings_differ(seen: dict[str, dict[str, Any]]) -> bool:
    """Return whether FIN gives b"" and stays so, RST raises, and a half-closed peer still reads."""
    close, reset, half = (seen[ending] for ending in ENDINGS)
    return (
        (close["first"], close["second"]) == ('b""', 'b""')
        and reset["first"] == "ConnectionResetError"
        and half["first"] == 'b""'
        and half["reply"] is True
    )


def _end(ending: str) -> dict[str, Any]:
    """End one connection and return what the other side was told.

    `first`, `second`: two calls of recv. `reply`: whether the reply reached the client.
    """
    with both_ends() as (client, server):
        client.settimeout(5)
        server.settimeout(5)
        if ending == "half-close":
            client.shutdown(socket.SHUT_WR)
        else:
            if ending == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            client.close()
        first, second = _told(server), _told(server)
        return {"first": first, "second": second, "reply": _reply_arrives(server, client)}


def _told(sock: socket.socket) -> str:
    """Return what recv says, in a word."""
    try:
        return repr(sock.recv(1000)).replace("'", '"')
    except TimeoutError:
        return "nothing for 5 s"
    except OSError as error:
        return type(error).__name__


def _reply_arrives(server: socket.socket, client: socket.socket) -> bool:
    if client.fileno() < 0:
        return False  # the client has no socket any more to read from
    try:
        server.sendall(REPLY)
        return client.recv(1000) == REPLY
    except OSError:
        return False
