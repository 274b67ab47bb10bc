"""The thread that keeps a board up to date, at the pace at which it can be drawn.

One daemon thread per board. Messages from the browser only ring its bell: which thread delivers
them differs between versions of ipykernel. Nothing is printed and nothing drawn here. A message
tells how things stand, never what has happened since, so the newest wins: the browser is asked to
say when it has painted one, and while two questions are unanswered no more is sent. When it says
nothing (a cell is running, and the kernel hands its words on only afterwards), one is sent all the
same from time to time.

To a slow browser, each message is a question. The longer it answers quickly, the fewer are: each
answer has the kernel say that it is busy, then idle, and JupyterLab change its icons twice. With a
question in each of 30 messages a second, 20 pictures a second were painted, each 31 ms after it was
made; with one in each GROUP, 28 and 8 ms (`python benchmarks/board_cost.py --browser`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from reactorkit.view.feed import Feed
from reactorkit.view.source import Source

PACE = 1 / 30  # seconds between two messages
SHARE = 5  # making them may take one part in so many of the time
CREDITS = 2  # questions that are unanswered at most
GROUP = 15  # messages for each question, once answers come quickly
NEAR = 0.25  # seconds from sending to the answer: quickly
ASK_PACE = 1.0  # seconds between two questions at most
STALLED = 0.2  # seconds without a word from the browser: send one all the same
UNSEEN = 15.0  # seconds without a word: nobody may be looking
UNSEEN_PACE = 2.0
IDLE_PACE = 0.2  # seconds between messages when nothing happens: clocks go on
GONE = 130.0  # seconds without a sign of life; a hidden tab gives one a minute
LATENCIES = 9

Send = Callable[[dict[str, Any], list[bytes]], None]
Clients = Callable[[int, str, int], None]


class Pump:
    """Tells a board's viewers how its servers stand.

    Arguments:
        sources: running servers.
        send: send(content, buffers) hands a message over to all viewers.
        clients: clients(i, what, n) has clients come to a server, or leave; it does not wait.
        remarks: remarks(i) returns sentences about a server's clients.

    latency: seconds from an event in a server until its message was painted, a late median.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        send: Send,
        clients: Clients | None = None,
        remarks: Callable[[int], list[str]] | None = None,
    ) -> None:
        self._bell = threading.Event()
        epoch = int(sources[0].inside.header.get("monotonic", 0)) if sources else 0
        self.feeds = [Feed(source, self._bell.set, epoch) for source in sources]
        self.on_gone: Callable[[], None] | None = None
        self.fault: Exception | None = None
        self.sent = self.painted = 0
        self._send, self._clients, self._remarks = send, clients, remarks
        self._mail: deque[tuple[Any, Any]] = deque()
        self._closing = False
        self._last_words = ""
        self._telling = threading.Lock()
        self._heard = self._began = time.monotonic()
        self._greeted = False
        self._gone_told = False
        self._sent_at = 0.0
        self._took = 0.0
        # Questions: number of the message, when it was sent, when its oldest news had happened.
        self._asked: deque[tuple[int, float, float]] = deque(maxlen=CREDITS)
        self._group, self._unasked, self._asked_at = 1, 0, 0.0
        self.latencies: deque[float] = deque(maxlen=LATENCIES)  # seconds from an event to paint
        self.spent = 0.0  # CPU seconds spent on making messages and handing them over
        self._thread = threading.Thread(target=self._work, name="a board", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, timeout: float = 2.0, last_words: str = "") -> None:
        """End; returns once the thread has ended, or after `timeout` seconds.

        Arguments:
            last_words: a sentence for the last message; it is sent if there is one.
        """
        self._last_words = last_words
        self._closing = True
        self._bell.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        for feed in self.feeds:
            feed.close()

    def tell_again(self) -> None:
        """Send the last message again, after the end: somebody has opened another view."""
        with self._telling:
            for feed in self.feeds:
                feed.begin_anew()
            self._tell()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def latency(self) -> float | None:
        """Seconds from an event to the picture of it, half of the times; None: not yet known."""
        known = sorted(self.latencies)
        return known[len(known) // 2] if known else None

    def hear(self, content: Any) -> None:
        """Take a message from a browser, in whatever thread it comes."""
        self._mail.append(("said", content))
        self._bell.set()

    def act(self, which: int | str, command: dict[str, Any]) -> None:
        """Have a command obeyed, in its turn."""
        self._mail.append(("act", (which, command)))
        self._bell.set()

    # --------------------------------------------------------------- the thread

    def _work(self) -> None:
        try:
            while not self._closing:
                self._bell.wait(self._patience())
                self._bell.clear()
                self._read_mail()
                for feed in self.feeds:
                    feed.take()
                if self._may_send():
                    self._tell()
                self._look_for_life()
            if self._last_words:
                for feed in self.feeds:
                    feed.rest(self._last_words)
                self._tell()
        except Exception as error:  # noqa: BLE001 - a thread of ours must not print into a cell
            self.fault = error

    def _patience(self) -> float:
        """Return for how many seconds there is nothing to do, unless the bell rings."""
        wait = self._due() - time.monotonic()
        return max(wait, 0.001) if self._fresh() else max(wait, 0.001, self._rest())

    def _rest(self) -> float:
        """Return the seconds until the clocks have to be told again."""
        pace = 5.0 if all(feed.quiet for feed in self.feeds) else IDLE_PACE
        return self._sent_at + pace - time.monotonic()

    def _fresh(self) -> bool:
        return any(feed.fresh for feed in self.feeds)

    def _due(self) -> float:
        """Return when the next message may go out."""
        pace = max(PACE, SHARE * self._took)
        if len(self._asked) >= CREDITS:
            unseen = time.monotonic() - max(self._heard, self._began) > UNSEEN
            pace = max(pace, UNSEEN_PACE if unseen else STALLED)
        return self._sent_at + pace

    def _may_send(self) -> bool:
        if time.monotonic() < self._due():
            return False
        return self._fresh() or self._rest() <= 0

    def _tell(self) -> None:
        """Send one message about all servers that have news."""
        start, spent = time.monotonic(), time.thread_time()
        idle = self._rest() <= 0
        latency = self.latency
        costs = {"latency_ms": None if latency is None else round(latency * 1e3, 1)}
        which, buffers, news = [], [], 0.0
        for i, feed in enumerate(self.feeds):
            if not (feed.fresh or idle):
                continue
            if not self._greeted:  # nobody may have heard what was sent before
                feed.begin_anew()
            if feed.news and not feed.quiet:
                news = min(news or feed.news, feed.news)
            remarks = self._remarks(i) if self._remarks is not None else []
            buffers.append(feed.message(costs, remarks))
            which.append(i)
        self.sent += 1
        self._sent_at = time.monotonic()
        ask = self._ask(news)
        self._send({"kind": "frames", "n": self.sent, "of": which, "ask": ask}, buffers)
        self._took = time.monotonic() - start
        self.spent += time.thread_time() - spent

    def _ask(self, news: float) -> bool:
        """Return whether the browser is to say when this message has been painted."""
        self._unasked += 1
        if self._unasked < self._group and self._sent_at - self._asked_at < ASK_PACE:
            return False
        self._unasked, self._asked_at = 0, self._sent_at
        self._asked.append((self.sent, self._sent_at, news))
        return True

    # ------------------------------------------------------------------ the mail

    def _read_mail(self) -> None:
        while self._mail:
            kind, content = self._mail.popleft()
            if kind == "act":
                self._obey(*content)
            elif isinstance(content, dict):
                self._heard, self._gone_told = time.monotonic(), False
                self._said(content)

    def _said(self, content: dict[str, Any]) -> None:
        match content:
            case {"do": "hello"}:
                self._greeted = True
                self._asked.clear()
                for feed in self.feeds:
                    feed.begin_anew()
            case {"do": "painted", "n": int() as number}:
                self._was_painted(number)
            case {"do": "act", "i": (int() | "all") as which, "command": dict() as command}:
                self._obey(which, command)

    def _was_painted(self, number: int) -> None:
        now = time.monotonic()
        self._greeted = True
        self.painted = max(self.painted, number)
        while self._asked and self._asked[0][0] <= number:
            _, sent, news = self._asked.popleft()
            self._group = min(self._group + 1, GROUP) if now - sent < NEAR else 1
            if news:
                self.latencies.append(now - news)

    def _obey(self, which: int | str, command: dict[str, Any]) -> None:
        together = which == "all" and len(self.feeds) > 1
        if together and command.get("do") in ("back", "forward") and self._walk_together(command):
            return
        for i, feed in enumerate(self.feeds):
            if which not in ("all", i):
                continue
            if command.get("do") == "client":
                self._have_clients(i, feed, command)
            elif together and type(command.get("t")) in (int, float):
                feed.act({**command, "t": command["t"] - feed.zero})
            else:
                feed.act(command)

    def _walk_together(self, command: dict[str, Any]) -> bool:
        """Walk where the next moment is, and have the others follow; whether that could be done."""
        past = [feed for feed in self.feeds if feed.ready_to_walk()]
        back = command["do"] == "back"
        if len(past) < len(self.feeds) or (not back and not any(feed.past for feed in past)):
            return False
        if back:
            leader = max(past, key=lambda feed: feed.moment)
        else:
            leader = min((feed for feed in past if feed.past), key=lambda feed: feed.moment)
        leader.act(command)
        for feed in past:
            if feed is not leader:
                feed.act({"do": "seek", "t": leader.moment - feed.zero})
        return True

    def _have_clients(self, i: int, feed: Feed, command: dict[str, Any]) -> None:
        feed.said, feed.fresh = "", True
        if self._clients is None:
            feed.said = "This board cannot send clients; use crowd(server, ...) in a cell."
            return
        n = command.get("n", 1)
        self._clients(i, str(command.get("what", "idle")), n if type(n) is int else 1)

    def _look_for_life(self) -> None:
        """Tell whoever wants to know that nobody looks at the board any more."""
        if self._greeted and not self._gone_told and time.monotonic() - self._heard > GONE:
            self._gone_told = True
            if self.on_gone is not None:
                self.on_gone()
