"""How a served process ends: on either signal, always, soon, and with status 0."""

import signal
import time

import pytest


def port_of(process):
    word, host, port = process.stdout.readline().split()
    assert (word, host) == ("listening", "127.0.0.1")
    return int(port)


STUBBORN = """
def serve(listener):
    while True:
        try:
            print("waiting", flush=True)
            listener.accept()
        except BaseException as error:
            print(type(error).__name__, flush=True)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_raise_keyboard_interrupt_and_finally_blocks_run(launch, write, signum):
    source = """
def serve(listener):
    try:
        print("serving")
        listener.accept()
    finally:
        print("tidied up")
"""
    process = launch(write(source))
    port_of(process)
    assert process.stdout.readline() == "serving\n"
    process.send_signal(signum)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (0, "tidied up\n", "")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_target_that_swallows_everything_ends_after_a_grace_with_its_output(
    launch, write, signum
):
    process = launch(write(STUBBORN))
    port_of(process)
    process.stdout.readline()
    began = time.monotonic()
    process.send_signal(signum)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "KeyboardInterrupt" in out
    assert time.monotonic() - began > 2  # it had its grace


def test_a_second_signal_ends_it_at_once(launch, write):
    process = launch(write(STUBBORN))
    port_of(process)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "KeyboardInterrupt\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "KeyboardInterrupt" not in out  # not asked a second time


def test_threads_that_outlive_serve_may_finish_their_work(launch, write):
    source = """
import threading, time
def work():
    time.sleep(0.5)
    print("work done")
def serve(listener):
    threading.Thread(target=work).start()
    print("serving")
    listener.accept()
"""
    process = launch(write(source))
    port_of(process)
    assert process.stdout.readline() == "serving\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "work done\n")


def test_threads_that_never_finish_do_not_keep_it_alive(launch, write):
    source = """
import threading
def serve(listener):
    threading.Thread(target=threading.Event().wait).start()
    print("serving")
    listener.accept()
"""
    process = launch(write(source))
    port_of(process)
    assert process.stdout.readline() == "serving\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_threads_that_never_finish_do_not_keep_an_asyncio_server_alive(launch, write):
    # asyncio takes SIGINT itself, so the launcher hears of it only when asyncio.run() has ended.
    source = """
import asyncio, threading
async def main(listener):
    threading.Thread(target=threading.Event().wait).start()
    print("serving", flush=True)
    await asyncio.Event().wait()
def serve(listener):
    asyncio.run(main(listener))
"""
    process = launch(write(source))
    port_of(process)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_a_signal_between_two_steps_of_a_lock_is_an_end_like_any_other(launch, write):
    source = """
import os, signal, threading
def serve(listener):
    condition = threading.Condition()
    def release():
        condition.release()
        os.kill(os.getpid(), signal.SIGTERM)
    condition._release_save = release
    with condition:
        condition.wait()
"""
    process = launch(write(source))
    _, error = process.communicate(timeout=20)
    assert (process.returncode, error) == (0, "")


def test_threads_that_print_all_the_time_do_not_spoil_the_end(launch, write):
    source = """
import threading
def shout():
    while True:
        print("x" * 100)
def serve(listener):
    for _ in range(10):
        threading.Thread(target=shout, daemon=True).start()
    listener.accept()
"""
    path = write(source)
    for _ in range(3):
        process = launch(path)
        port_of(process)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=20)
        assert (process.returncode, error) == (0, "")


def test_output_that_nobody_reads_does_not_delay_the_end(launch, write):
    process = launch(write("def serve(listener):\n    while True:\n        print('x' * 1000)\n"))
    port_of(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_targets_own_handler_wins(launch, write):
    source = """
import signal
def serve(listener):
    signal.signal(signal.SIGTERM, lambda *_: print("not yet", flush=True))
    print("ready", flush=True)
    while True:
        listener.accept()
"""
    process = launch(write(source))
    port_of(process)
    process.stdout.readline()
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "not yet\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_an_end_that_the_target_arranges_itself_is_not_commented_on(launch, write):
    source = """
import select, signal, socket
def serve(listener):
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGTERM, lambda *_: None)
    print("ready", flush=True)
    select.select([woken], [], [])
    print("good-bye")
"""
    process = launch(write(source))
    port_of(process)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (0, "good-bye\n", "")


def test_a_target_that_swallows_the_interrupt_and_returns_ends_in_silence(launch, write):
    source = """
def serve(listener):
    try:
        print("ready", flush=True)
        listener.accept()
    except KeyboardInterrupt:
        print("good-bye")
"""
    process = launch(write(source))
    port_of(process)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (0, "good-bye\n", "")


def test_asyncio_ends_in_good_order_on_both_signals(launch, write):
    source = """
import asyncio
async def main(listener):
    try:
        server = await asyncio.start_server(lambda *_: None, sock=listener)
        print("ready", flush=True)
        await server.serve_forever()
    except asyncio.CancelledError:
        print("cancelled, not interrupted")
        raise
def serve(listener):
    asyncio.run(main(listener))
"""
    for signum in (signal.SIGINT, signal.SIGTERM):
        process = launch(write(source))
        port_of(process)
        process.stdout.readline()
        process.send_signal(signum)
        out, error = process.communicate(timeout=20)
        assert (process.returncode, out, error) == (0, "cancelled, not interrupted\n", "")


def test_a_signal_while_the_file_is_loading_ends_it_too(launch, write):
    source = (
        "import time\nprint('loading', flush=True)\ntime.sleep(60)\ndef serve(listener): pass\n"
    )
    process = launch(write(source))
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
