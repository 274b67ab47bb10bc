"""Calls from other threads, and signals: what wakes a reactor that sleeps."""

import os
import signal
import threading
import time

import pytest

from reactorkit.reactor import Pool, Reactor


def test_a_call_from_a_thread_wakes_it_and_runs_in_its_own(reactor, turn_until):
    ran = []
    turn_of = threading.get_ident()
    thread = threading.Thread(
        target=reactor.call_from_thread, args=(lambda: ran.append(threading.get_ident()),)
    )
    thread.start()
    reactor.handle_events()  # without a time-out: only the call can end it
    turn_until(lambda: ran)
    assert ran == [turn_of]
    thread.join()


def test_no_call_of_many_threads_is_lost_and_each_thread_s_keep_their_order(reactor, turn_until):
    ran = []

    def call(number):
        for n in range(2000):  # more bytes than a socket pair holds
            reactor.call_from_thread(ran.append, (number, n))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:  # nobody reads meanwhile, and still nobody waits
        thread.join()
    turn_until(lambda: len(ran) == 8000)
    for number in range(4):
        assert [n for who, n in ran if who == number] == list(range(2000))


def test_a_bug_in_one_call_leaves_the_others(reactor, turn_until, caplog):
    ran = []
    reactor.call_from_thread(lambda: 1 / 0)
    reactor.call_from_thread(ran.append, 1)
    turn_until(lambda: ran)
    assert "ZeroDivisionError" in caplog.text


def test_a_call_that_comes_after_the_end_is_no_error(reactor):
    reactor.close()
    reactor.call_from_thread(print)


@pytest.fixture
def signals():
    """Put the handler of SIGUSR1 back afterwards."""
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("signals")
def test_a_signal_that_comes_while_its_function_is_made_known_is_not_lost(reactor, turn_until):
    set_handler = signal.signal

    def set_and_send(number, handler):
        before = set_handler(number, handler)
        os.kill(os.getpid(), number)
        return before

    came = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signal, "signal", set_and_send)
        reactor.on_signal(signal.SIGUSR1, came.append, "it")
    turn_until(lambda: came)
    assert came == ["it"]


@pytest.mark.usefixtures("signals")
def test_a_signal_ends_the_wait_and_is_handled_between_handlers(reactor, recorder):
    ran = []
    reactor.on_signal(signal.SIGUSR1, ran.append, "signal")
    handler, far = recorder()

    def in_a_handler():
        handler.handle.recv(10)
        os.kill(os.getpid(), signal.SIGUSR1)
        for _ in range(1000):  # steps in which Python would run a handler of its own
            assert ran == []

    handler.on_readable = in_a_handler
    far.send(b"x")
    reactor.handle_events()
    assert handler.story == ["readable"]
    reactor.handle_events()  # without a time-out: it was woken
    assert ran == ["signal"]


@pytest.mark.usefixtures("signals")
def test_a_signal_wakes_a_reactor_that_sleeps(reactor):
    ran = []
    reactor.on_signal(signal.SIGUSR1, ran.append, "signal")
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    while not ran:
        reactor.handle_events()
    assert ran == ["signal"]


@pytest.mark.usefixtures("signals")
def test_the_descriptor_for_signals_is_given_back():
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    reactor = Reactor()
    reactor.on_signal(signal.SIGUSR1, print)
    reactor.on_signal(signal.SIGUSR1, print)
    reactor.close()
    after = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(after)
    assert after == before


# ------------------------------------------------------------------ the pool


@pytest.fixture
def pool(reactor):
    pool = Pool(reactor)
    yield pool
    pool.close()


def test_work_runs_elsewhere_and_its_result_comes_back_here(pool, turn_until):
    results = []
    pool.run(
        lambda x: (x * 2, threading.get_ident()),
        21,
        then=lambda result: results.append((*result, threading.get_ident())),
    )
    turn_until(lambda: results)
    ((value, worker, receiver),) = results
    assert value == 42
    assert receiver == threading.get_ident() != worker


def test_neighbours_are_served_while_work_blocks(reactor, recorder, pool, turn_until):
    go_on = threading.Event()
    results = []
    pool.run(go_on.wait, 20, then=results.append)
    handler, far = recorder()
    far.send(b"x")
    turn_until(lambda: handler.story)
    assert results == []
    go_on.set()
    turn_until(lambda: results)
    assert results == [True]


def test_an_error_is_handed_back_or_logged(pool, turn_until, caplog):
    errors = []
    pool.run(lambda: 1 / 0, then=print, failed=errors.append)
    turn_until(lambda: errors)
    assert isinstance(errors[0], ZeroDivisionError)
    pool.run(lambda: 1 / 0, then=print)
    turn_until(lambda: "ZeroDivisionError" in caplog.text)


def test_a_thousand_results_and_none_is_lost(pool, turn_until):
    results = []
    for n in range(1000):
        pool.run(lambda n=n: n, then=results.append)
    turn_until(lambda: len(results) == 1000)
    assert sorted(results) == list(range(1000))


def test_closing_gives_up_what_has_not_begun(reactor):
    pool = Pool(reactor, workers=1)
    go_on, begun = threading.Event(), []

    def work(n):
        begun.append(n)
        go_on.wait(20)

    for n in range(10):
        pool.run(work, n, then=print, failed=print)
    while not begun:
        time.sleep(0.001)
    threading.Timer(0.05, go_on.set).start()
    pool.close()
    assert begun == [0]
