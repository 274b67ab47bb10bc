"""The load of load.c in Python, for machines without a C compiler: the same words and answers.

Run as a plain file with words like `kind=echo port=4711 clients=100`; load.c explains them. Whoever
uses it has to say so: it costs more for each answer than most servers that it asks.
"""

from __future__ import annotations

import json
import math
import os
import re
import selectors
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from reactorkit.lab.gauges import cpu_seconds

DIGITS = 9
PATIENCE = 30.0
WHOLE = {"port", "clients", "idle", "flight", "framed", "size", "pid", "core", "spin", "nice"}
WORDS = {"kind": "echo", "host": "127.0.0.1", "port": 0, "clients": 1, "idle": 0, "flight": 1}
WORDS |= {"framed": 1, "size": 64, "seconds": 1.0, "warm": 0.0, "rest": 0.0, "pid": 0, "core": -1}
NUMBER = re.compile(rb"<(\d{%d})>" % DIGITS)


class Load:
    """Clients, and what they have seen."""

    def __init__(self, want: dict[str, Any]) -> None:
        self.want = want
        self.selector = selectors.DefaultSelector()
        self.clients: list[socket.socket] = []
        self.silent: list[socket.socket] = []
        self.latencies: Counter[int] = Counter()
        self.broken = self.wrong = 0

    def connect(self) -> socket.socket:
        """Return a new connection."""
        sock = socket.create_connection((self.want["host"], self.want["port"]), PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def come(self) -> None:
        """Connect everybody, the silent ones first."""
        self.silent = [self.connect() for _ in range(self.want["idle"])]
        self.clients = [self.connect() for _ in range(self.want["clients"])]
        for index, sock in enumerate(self.clients):
            self.selector.register(sock, selectors.EVENT_READ, index)

    def count(self, since: float) -> None:
        """Count one answer or delivery, in steps of 2 %."""
        microseconds = max(1e6 * (time.perf_counter() - since), 0.5)
        self.latencies[round(50 * math.log2(microseconds))] += 1

    def percentile(self, share: float) -> float:
        """Return the latency in seconds that `share` of all stayed below."""
        left = share * self.latencies.total()
        for step in sorted(self.latencies):
            left -= self.latencies[step]
            if left <= 0:
                return math.exp2(step / 50) / 1e6
        return 0.0

    def turn(self) -> None:
        """Wait, and read what has come."""
        for key, _ in self.selector.select(0.1):
            sock: Any = key.fileobj
            try:
                data = sock.recv(1 << 18)
            except OSError:
                data = b""
            if data:
                self.hear(key.data, data)
            else:
                self.broken += 1
                self.selector.unregister(sock)

    def run_until(self, end: float) -> None:
        """Go on until a moment, or until nobody is left."""
        while time.perf_counter() < end and self.broken < len(self.clients):
            self.turn()

    def hear(self, index: int, data: bytes) -> None:
        """Take what has come for one client."""
        raise NotImplementedError

    def start(self) -> None:
        """Send the first requests."""
        raise NotImplementedError


class Echo(Load):
    """Every client has one request on its way."""

    def come(self) -> None:
        """Connect everybody; the last one is answered, so all have been accepted."""
        super().come()
        self.texts = [self.text(index) for index in range(len(self.clients))]
        self.got, self.since = [b""] * len(self.clients), [0.0] * len(self.clients)
        for sock in [*self.silent, *self.clients]:
            sock.sendall(self.texts[0])
            left = self.want["size"]
            while left:
                data = sock.recv(left)
                if not data:
                    raise ConnectionResetError("the answer to a first request never came")
                left -= len(data)

    def text(self, index: int) -> bytes:
        """Return what a client says."""
        start, size = index % 26, int(self.want["size"])
        return (b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 2))[start : start + size]

    def ask(self, index: int) -> None:
        """Send one request."""
        self.got[index], self.since[index] = b"", time.perf_counter()
        self.clients[index].send(self.texts[index])

    def start(self) -> None:
        """Send a request for everybody."""
        for index in range(len(self.clients)):
            self.ask(index)

    def hear(self, index: int, data: bytes) -> None:
        """Count an answer that is complete, and ask again."""
        self.got[index] += data
        if len(self.got[index]) >= self.want["size"]:
            self.wrong += self.got[index] != self.texts[index]
            self.count(self.since[index])
            self.ask(index)


class Chat(Load):
    """So many messages are on their way to everybody."""

    def come(self) -> None:
        """Connect everybody; the last one is heard by all, so all have been accepted."""
        super().come()
        self.tails = [b""] * len(self.clients)
        self.missing: dict[int, set[int]] = {}
        self.since: dict[int, float] = {}
        self.started, self.places, end = False, 1, time.perf_counter() + PATIENCE
        self.say(len(self.clients) - 1)
        while len(self.clients) - 1 in self.missing:
            if time.perf_counter() > end:
                raise TimeoutError("a first message to everybody was not heard by all")
            self.turn()
        self.missing.clear()
        self.places = min(self.want["flight"], len(self.clients))

    def say(self, number: int) -> None:
        """Send message `number`; each place in flight has speakers of its own."""
        turn, speakers = number // self.places, len(self.clients) // self.places
        sender = number % self.places + turn % speakers * self.places
        everybody = set(range(len(self.clients)))
        self.missing[number] = everybody - {sender} if self.want["framed"] else everybody
        line = b'{"user": "u%06d", "text": "<%0*d>' % (sender, DIGITS, number)
        line = line.ljust(self.want["size"] - 3, b"x") + b'"}' + b"\n" * self.want["framed"]
        self.since[number] = time.perf_counter()
        self.clients[sender].send(line)

    def start(self) -> None:
        """Send the first messages."""
        self.started = True
        for number in range(self.places):
            self.say(number)

    def hear(self, index: int, data: bytes) -> None:
        """Count every message that is complete, and send the next when all have one."""
        data = self.tails[index] + data
        end = 0
        for match in NUMBER.finditer(data):
            end = match.end()
            self.heard(index, int(match[1]))
        self.tails[index] = data[max(end, len(data) - DIGITS - 1) :]

    def heard(self, index: int, number: int) -> None:
        """Count one delivery."""
        missing = self.missing.get(number, set())
        if index not in missing:
            self.wrong += 1
            return
        missing.discard(index)
        self.count(self.since[number])
        if not missing:
            del self.missing[number], self.since[number]
            if self.started:
                self.say(number + self.places)


def read_words(words: list[str]) -> dict[str, Any]:
    """Return what the command line asks for."""
    want: dict[str, Any] = {**WORDS, "spin": 0, "nice": 0}
    for word in words:
        name, _, value = word.partition("=")
        if name not in want:
            sys.exit(f"What is {word}?")
        kind = int if name in WHOLE else str if name in ("kind", "host") else float
        want[name] = kind(value)
    return want


def main() -> None:
    """Make the load, and print what was seen."""
    want = read_words(sys.argv[1:])
    if want["nice"]:
        os.setpriority(os.PRIO_PROCESS, 0, want["nice"])
        if (group := Path("/proc/self/autogroup")).exists():  # as in load.c
            group.write_text(str(want["nice"]))
    server = psutil.Process(want["pid"])
    load = (Chat if want["kind"] == "chat" else Echo)(want)
    load.come()
    print("connected", flush=True)
    idle, rested = cpu_seconds(server), time.perf_counter()
    time.sleep(want["rest"])  # the measurement is this stretch of time
    idle, rested = cpu_seconds(server) - idle, time.perf_counter() - rested
    load.start()
    load.run_until(time.perf_counter() + want["warm"])
    load.latencies.clear()
    print("begin", flush=True)
    began, used = time.perf_counter(), cpu_seconds(server)
    load.run_until(began + want["seconds"])
    # On a crowded machine answers may come late. Those on their way at `begin` tell nothing.
    everybody = len(load.clients)
    while load.latencies.total() <= 2 * everybody and load.broken < everybody:
        if time.perf_counter() > began + PATIENCE:
            break
        load.run_until(time.perf_counter() + 0.001)
    seconds, used = time.perf_counter() - began, cpu_seconds(server) - used
    print("end", flush=True)
    told = {"seconds": seconds, "done": load.latencies.total(), "p50": load.percentile(0.5)}
    told |= {"p99": load.percentile(0.99), "wrong": load.wrong, "broken": load.broken}
    print(json.dumps(told | {"cpu": used, "idle_cpu": idle, "rested": rested}), flush=True)
    leave(load)


def leave(load: Load) -> None:
    """Leave politely: a close with bytes unread would be a reset."""
    everybody = [sock for sock in load.clients + load.silent if sock.fileno() >= 0]
    for sock in everybody:
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:  # it is gone already
            continue
    end = time.perf_counter() + 2
    for sock in everybody:
        sock.settimeout(max(end - time.perf_counter(), 0.001))
        try:
            while time.perf_counter() < end and sock.recv(1 << 18):
                pass
        except OSError:  # the time is over, or the server is
            pass
        sock.close()


if __name__ == "__main__":
    main()
