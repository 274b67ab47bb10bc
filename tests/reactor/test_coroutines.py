"""Coroutines on the reactor: waiting, waking, cancelling, and what goes wrong in one of them."""

import socket

import pytest

from reactorkit.reactor.coroutines import (
    Cancelled,
    Task,
    accept,
    gather,
    readable,
    recv,
    send_all,
    sleep,
    this_task,
    writable,
)


@pytest.fixture
def run(reactor, turn_until):
    """Run a coroutine to its end; returns its result, or raises its error."""

    def run(coroutine):
        task = Task(reactor, coroutine)
        task.when_done(lambda _: None)
        turn_until(lambda: task.done)
        if task.error is not None:
            raise task.error
        return task.result

    return run


def test_it_returns_what_the_coroutine_returns(run):
    async def main():
        await sleep(0)
        return 42

    assert run(main()) == 42


def test_readable_waits_for_bytes(run, pair):
    ours, theirs = pair()
    story = []

    async def reader():
        await readable(ours)
        story.append("readable")
        return ours.recv(10)

    async def writer():
        await sleep(0.01)
        story.append("sends")
        theirs.send(b"hello")

    async def main():
        return await gather(reader(), writer())

    assert run(main()) == [b"hello", None]
    assert story == ["sends", "readable"]


def test_a_reader_and_a_writer_share_a_socket(run, pair):
    ours, theirs = pair()
    data = b"x" * 5_000_000

    async def read(sock, n):
        got = bytearray()
        while len(got) < n:
            got += await recv(sock)
        return bytes(got)

    async def main():
        back = await gather(
            send_all(ours, data), read(ours, len(data)), send_all(theirs, data), read(theirs, 10)
        )
        return back[1]

    # Whoever sends and whoever reads are different tasks, on both ends.
    async def both():
        results = await gather(
            send_all(ours, data),
            read(ours, len(data)),
            send_all(theirs, data),
            read(theirs, len(data)),
        )
        return results[1] == data, results[3] == data

    assert run(both()) == (True, True)


def test_two_readers_of_one_handle_are_one_too_many(run, pair):
    ours, theirs = pair()

    async def second():
        await sleep(0)
        with pytest.raises(RuntimeError, match="another task waits"):
            await readable(ours)
        theirs.send(b"x")

    async def main():
        await gather(readable(ours), second())

    run(main())


def test_writable_waits_for_room(run, pair):
    ours, theirs = pair()
    while True:
        try:
            ours.send(b"x" * 65536)
        except BlockingIOError:
            break
    story = []

    async def writer():
        await writable(ours)
        story.append("room")

    async def reader():
        await sleep(0.01)
        story.append("reads")
        while True:
            try:
                theirs.recv(1 << 20)
            except BlockingIOError:
                break

    async def main():
        await gather(writer(), reader())

    run(main())
    assert story == ["reads", "room"]


def test_results_come_in_order_however_they_end(run):
    async def nap(seconds, value):
        await sleep(seconds)
        return value

    async def main():
        return await gather(nap(0.02, "a"), nap(0.001, "b"), nap(0.01, "c"))

    assert run(main()) == ["a", "b", "c"]


def test_gathering_nothing_is_no_wait_for_ever(run):
    async def main():
        return await gather()

    assert run(main()) == []


def test_the_error_of_one_cancels_the_others_and_is_raised(run, turn_until):
    story = []

    async def long():
        try:
            story.append("sleeps")
            await sleep(3600)
        finally:
            story.append("finally")

    async def bad():
        while not story:
            await sleep(0.001)
        raise LookupError("bad")

    async def main():
        await gather(long(), bad())

    with pytest.raises(LookupError, match="bad"):
        run(main())
    turn_until(lambda: story == ["sleeps", "finally"])


def test_cancelling_runs_finally_and_ends_there(reactor, turn_until, pair):
    ours, _ = pair()
    story = []

    async def main():
        try:
            await readable(ours)
            story.append("never")
        finally:
            story.append("finally")

    task = Task(reactor, main())
    turn_until(lambda: ours.fileno() in reactor.handlers)
    task.cancel()
    task.cancel()
    turn_until(lambda: task.done)
    assert story == ["finally"]
    assert isinstance(task.error, Cancelled)
    assert ours.fileno() not in reactor.handlers, "nobody waits for it any more"


def test_cancelled_before_it_began_it_never_begins(reactor, turn_until):
    story = []

    async def main():
        story.append("began")

    task = Task(reactor, main())
    task.cancel()
    turn_until(lambda: task.done)
    assert story == []


def test_cancelling_itself_takes_effect_at_the_next_await(run):
    story = []

    async def main():
        (await this_task()).cancel()
        story.append("goes on")
        await sleep(0)
        story.append("never")

    with pytest.raises(Cancelled):
        run(main())
    assert story == ["goes on"]


def test_a_cancelled_task_may_clean_up_with_awaits(reactor, turn_until):
    story = []

    async def main():
        try:
            story.append("sleeps")
            await sleep(3600)
        except Cancelled:
            await sleep(0.001)
            story.append("cleaned")
            raise

    task = Task(reactor, main())
    turn_until(lambda: story)
    task.cancel()
    turn_until(lambda: task.done)
    assert story == ["sleeps", "cleaned"]


def test_an_error_that_nobody_waits_for_is_logged_and_hurts_nobody(reactor, turn_until, caplog):
    done = []

    async def bad():
        raise LookupError("unheard")

    async def good():
        await sleep(0.001)
        done.append(1)

    Task(reactor, bad())
    Task(reactor, good())
    turn_until(lambda: done)
    assert "unheard" in caplog.text


def test_an_error_that_somebody_joins_is_raised_there_and_not_logged(reactor, run, caplog):
    async def bad():
        await sleep(0.001)
        raise LookupError("heard")

    async def main():
        task = Task(reactor, bad())  # begins when this one waits
        with pytest.raises(LookupError, match="heard"):
            await task.join()
        return "went on"

    assert run(main()) == "went on"
    assert caplog.text == ""


def test_a_task_that_has_ended_can_still_be_joined(reactor, run):
    async def quick():
        return 7

    async def main():
        task = Task(reactor, quick())
        while not task.done:
            await sleep(0)
        return await task.join()

    assert run(main()) == 7


def test_five_thousand_sleeps(run):
    async def main():
        await gather(*(sleep(n % 10 / 1000) for n in range(5000)))

    run(main())


def test_a_long_chain_of_reads_needs_no_deep_stack(run, pair):
    ours, theirs = pair()
    theirs.send(b"x" * 3000)

    async def main():
        for _ in range(3000):
            await readable(ours)
            ours.recv(1)

    run(main())


def test_a_handle_with_the_number_of_a_closed_one_is_waited_for_anew(run, pair):
    async def main():
        numbers = set()
        for n in range(20):
            near, far = socket.socketpair()
            numbers.add(near.fileno())
            with near, far:
                near.setblocking(False)
                far.send(b"%d" % n)
                assert await recv(near) == b"%d" % n
        return numbers

    assert len(run(main())) < 20


def test_a_closed_handle_is_an_error_at_the_await(reactor, run, pair):
    ours, _ = pair()
    ours.close()

    async def main():
        with pytest.raises(OSError, match="Bad file descriptor"):
            await readable(ours)

    known = set(reactor.handlers)
    run(main())
    assert set(reactor.handlers) == known, "nothing of it is left in the reactor"


def test_an_idle_coroutine_costs_no_turn(reactor, pair):
    ours, _ = pair()
    Task(reactor, readable(ours))
    reactor.handle_events(0)
    reactor.handle_events(0)
    turns = []
    reactor.call_later(0.05, turns.append, "end")
    count = 0
    while not turns:
        reactor.handle_events()
        count += 1
    assert count <= 3


def test_a_client_is_accepted_and_answered(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        client = socket.create_connection(listener.getsockname())
        client.sendall(b"hello")

        async def main():
            with await accept(listener) as ours:
                assert ours.getblocking() is False
                await send_all(ours, (await recv(ours)).upper())

        run(main())
        with client:
            assert client.recv(10) == b"HELLO"
