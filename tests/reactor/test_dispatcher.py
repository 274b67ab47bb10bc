"""The dispatcher: who is called, when, and who is not any more."""

import logging
import selectors
import socket
import time

import pytest

from reactorkit.reactor import READ, WRITE, EventHandler, Reactor


def test_a_handler_is_called_when_its_handle_is_ready_and_not_before(reactor, recorder):
    handler, far = recorder()
    reactor.handle_events(0)
    assert handler.story == []
    far.send(b"x")
    reactor.handle_events()
    assert handler.story == ["readable"]


def test_the_end_of_the_stream_is_something_to_read(reactor, recorder):
    handler, far = recorder()
    far.close()
    reactor.handle_events()
    assert handler.story == ["readable"]
    assert handler.handle.recv(10) == b""


def test_all_that_are_ready_are_called_in_one_turn(reactor, recorder):
    story = []
    ends = [recorder(story=story, name=f"{n} ")[1] for n in range(20)]
    for far in ends:
        far.send(b"x")
    reactor.handle_events()
    assert sorted(story) == sorted(f"{n} readable" for n in range(20))


def test_interest_is_looked_at_again_after_each_call(reactor, recorder):
    handler, far = recorder()

    def now_write():
        handler.handle.recv(10)
        handler.events = WRITE

    def enough():
        handler.events = READ

    handler.on_readable, handler.on_writable = now_write, enough
    far.send(b"x")
    reactor.handle_events()
    assert handler.watched == WRITE
    reactor.handle_events()
    assert handler.story == ["readable", "writable"]
    assert handler.watched == READ
    reactor.handle_events(0)
    assert handler.story == ["readable", "writable"], "a quiet socket with room is let alone"


def test_who_waits_for_nothing_is_not_called_and_not_forgotten(reactor, recorder):
    handler, far = recorder(events=0)
    far.send(b"x")
    reactor.handle_events(0)
    assert handler.story == []
    assert reactor.has(handler)
    handler.events = READ
    reactor.refresh(handler)
    reactor.handle_events()
    assert handler.story == ["readable"]


def test_a_handler_that_closes_another_of_the_same_turn_spares_it_the_stale_event(
    reactor, recorder
):
    story = []
    one, far_one = recorder(story=story, name="a ")
    two, far_two = recorder(story=story, name="b ")
    one.on_readable, two.on_readable = two.close, one.close
    far_one.send(b"x")
    far_two.send(b"x")
    reactor.handle_events()
    first = story[0][0]
    other = "ba"["ab".index(first)]
    assert story == [f"{first} readable", f"{other} closed"]


def test_a_new_handle_with_the_number_of_a_closed_one_does_not_get_its_event(
    reactor, recorder, pair
):
    story = []
    one, far_one = recorder(story=story, name="a ")
    two, far_two = recorder(story=story, name="b ")
    fresh = []

    def replace(other):
        number = other.fd
        other.close()
        ours, theirs = pair()  # takes the lowest numbers that are free
        handler = type(other)(reactor, ours, story=story, name="new ")
        reactor.register_handler(handler)
        fresh.append((handler, theirs, number))

    one.on_readable, two.on_readable = (lambda: replace(two)), (lambda: replace(one))
    far_one.send(b"x")
    far_two.send(b"x")
    reactor.handle_events()
    ((handler, _, number),) = fresh
    assert handler.fd == number, "the kernel gives the lowest number that is free"
    assert len(story) == 2, story
    assert "new readable" not in story
    handler.close()


def test_read_then_closed_is_not_written(reactor, recorder):
    handler, far = recorder(events=READ | WRITE)
    handler.on_readable = handler.close
    far.send(b"x")
    reactor.handle_events()
    assert handler.story[-2:] == ["readable", "closed"]
    assert not reactor.has(handler)


def test_to_close_twice_is_no_error_and_happens_once(reactor, recorder):
    handler, _ = recorder()
    handler.close()
    handler.close()
    assert handler.story == ["closed"]
    assert handler.handle.fileno() == -1


def test_the_bug_of_one_handler_ends_that_one_only(reactor, recorder, caplog):
    bad, far_bad = recorder(name="bad ")
    good, far_good = recorder(name="good ")
    bad.on_readable = lambda: 1 / 0
    far_bad.send(b"x")
    far_good.send(b"x")
    with caplog.at_level(logging.ERROR):
        reactor.handle_events()
    assert bad.story == ["bad readable", "bad closed"]
    assert good.story == ["good readable"]
    assert "ZeroDivisionError" in caplog.text
    assert not reactor.has(bad)


def test_even_a_close_that_fails_hurts_nobody_else(reactor, recorder, caplog):
    bad, far = recorder()
    bad.on_readable = lambda: 1 / 0
    bad.handle_close = lambda: 1 / 0
    far.send(b"x")
    reactor.handle_events()
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError] * 2
    assert not reactor.has(bad)


def test_a_descriptor_has_one_handler(reactor, recorder):
    handler, _ = recorder()
    with pytest.raises(ValueError, match="has a handler"):
        reactor.register_handler(type(handler)(reactor, handler.handle))
    assert reactor.has(handler)


def test_what_the_selector_refuses_is_not_kept(tmp_path):
    if not hasattr(selectors, "EpollSelector"):
        pytest.skip("only epoll refuses regular files")
    reactor = Reactor(selectors.EpollSelector())
    with (tmp_path / "file").open("w") as file:
        handler = EventHandler(reactor, file)
        with pytest.raises(PermissionError):
            reactor.register_handler(handler)
        assert not reactor.has(handler)
    reactor.close()


def test_soon_is_after_the_handlers_of_this_turn(reactor, recorder):
    story = []
    one, far_one = recorder(story=story)
    _, far_two = recorder(story=story)
    one.on_readable = lambda: reactor.call_soon(story.append, "soon")
    far_one.send(b"x")
    far_two.send(b"x")
    reactor.handle_events()
    assert story == ["readable", "readable", "soon"]


def test_who_asks_again_and_again_for_soon_lets_the_others_run(reactor, recorder):
    handler, far = recorder()

    def again():
        reactor.call_soon(again)

    again()
    far.send(b"x")
    reactor.handle_events()
    reactor.handle_events()
    assert "readable" in handler.story


def test_a_turn_waits_no_longer_than_it_is_told(reactor):
    began = time.monotonic()
    reactor.handle_events(0.05)
    assert time.monotonic() - began >= 0.04


def test_run_ends_when_it_is_stopped_and_closes_what_is_left(reactor, recorder):
    handler, far = recorder()
    handler.on_readable = reactor.stop
    far.send(b"x")
    reactor.run()
    assert handler.story == ["readable", "closed"]
    assert not reactor.handlers


class Owing(EventHandler):
    """Owes its peer some bytes, and leaves when they are sent."""

    def __init__(self, reactor, handle, owed):
        super().__init__(reactor, handle)
        self.owed, self.stopping = owed, False

    @property
    def interest(self):
        return WRITE if self.owed else READ

    def handle_readable(self):
        if not self.handle.recv(100):
            self.close()

    def handle_writable(self):
        self.owed = self.owed[self.handle.send(self.owed[:65536]) :]
        if self.stopping and not self.owed:
            self.close()

    def handle_stop(self):
        self.stopping = True
        if not self.owed:
            self.close()


def test_a_graceful_stop_sends_what_is_owed_and_then_ends(reactor, pair):
    ours, theirs = pair()
    owed = b"x" * 3_000_000
    reactor.register_handler(Owing(reactor, ours, owed))
    got = bytearray()

    class Reader(EventHandler):
        def handle_readable(self):
            got.extend(self.handle.recv(1 << 20))

        def handle_stop(self):
            pass  # it stays to the last

        @property
        def interest(self):
            return READ if len(got) < len(owed) else 0

    reader = Reader(reactor, theirs)
    reactor.register_handler(reader)
    reactor.call_soon(reactor.stop, 30)
    reactor.call_every(0.01, lambda: len(got) == len(owed) and reader.close())
    reactor.run()
    assert bytes(got) == owed


def test_a_graceful_stop_has_a_deadline(reactor, pair):
    ours, theirs = pair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    reactor.register_handler(Owing(reactor, ours, b"x" * 10_000_000))  # which nobody reads
    reactor.call_soon(reactor.stop, 0.05)
    reactor.run()
    assert not reactor.handlers
    assert theirs.recv(10) == b"x" * 10


def test_asked_twice_it_does_not_wait(reactor, pair):
    ours, _ = pair()
    reactor.register_handler(Owing(reactor, ours, b"x" * 10_000_000))
    reactor.call_soon(reactor.stop, 3600)
    reactor.call_soon(reactor.stop, 3600)
    reactor.run()
    assert not reactor.handlers


class Counting(selectors.DefaultSelector):
    """A selector that writes down how it is asked to wait."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def select(self, timeout=None):
        self.asked.append(timeout)
        return super().select(timeout)


def test_it_spins_after_an_event_only_and_sleeps_then(pair):
    selector = Counting()
    reactor = Reactor(selector, spin=5)
    ours, theirs = pair()
    handler = Owing(reactor, ours, b"")
    reactor.register_handler(handler)
    reactor.handle_events(0.001)
    assert selector.asked == [0.001], "nothing has happened: it sleeps at once"
    theirs.send(b"x")
    reactor.handle_events(5)
    selector.asked.clear()
    reactor.handle_events(0.2)
    assert set(selector.asked[:-1]) == {0}, "after an event it asks again and again"
    assert len(selector.asked) > 2
    assert selector.asked[-1] == 0.2, "and then it sleeps"
    reactor.close()
