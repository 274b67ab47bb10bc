"""A gather() that is cancelled, at any moment, cancels what it was given."""

from reactorkit.reactor.coroutines import Task, gather, sleep


def test_cancelling_one_that_gathers_cancels_all_of_it(reactor, turn_until):
    asleep, ended = [], []

    async def nap(name):
        try:
            asleep.append(name)
            await sleep(3600)
        finally:
            ended.append(name)

    async def main():
        await gather(nap("a"), nap("b"))

    task = Task(reactor, main())
    turn_until(lambda: len(asleep) == 2)
    task.cancel()
    turn_until(lambda: task.done and len(ended) == 2)
    assert sorted(ended) == ["a", "b"]


def test_cancelling_one_that_was_about_to_gather_cancels_all_of_it(reactor, turn_until):
    ended = []

    async def nap():
        try:
            await sleep(3600)
        finally:
            ended.append("nap")

    inner = Task(reactor, nap())
    turn_until(lambda: inner._disarm)  # it sleeps

    async def main():
        await gather(inner, nap())  # the second one never begins

    outer = Task(reactor, main())
    reactor.call_soon(outer.cancel)  # comes when it has run up to its first `await`
    turn_until(lambda: outer.done and inner.done)
    assert ended == ["nap"]
