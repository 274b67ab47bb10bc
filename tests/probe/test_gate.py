"""Pause, step and conditions: time stands still, nobody is dropped, every command is answered."""

import contextlib
import json
import time

import pytest

from reactorkit.errors import KitError

TIMES_OUT = """
    import selectors, time

    LIMIT = 1.0

    class Server:
        def __init__(self, listener):
            listener.setblocking(False)
            self.selector = selectors.DefaultSelector()
            self.selector.register(listener, selectors.EVENT_READ)
            self.listener, self.heard = listener, {}

        def run(self):
            while True:
                for key, _ in self.selector.select(0.2):
                    if key.fileobj is self.listener:
                        client, _ = self.listener.accept()
                        client.setblocking(False)
                        self.selector.register(client, selectors.EVENT_READ)
                        self.heard[client] = time.monotonic()
                    else:
                        self.read(key.fileobj)
                late = time.monotonic() - LIMIT
                for client in [one for one in self.heard if self.heard[one] < late]:
                    print("dropped", flush=True)
                    self.close(client)

        def read(self, client):
            data = client.recv(65536)
            self.heard[client] = time.monotonic()
            if data:
                client.sendall(data)
            else:
                self.close(client)

        def close(self, client):
            del self.heard[client]
            self.selector.unregister(client)
            client.close()

    def serve(listener):
        Server(listener).run()
"""
ASYNCIO_TIMES_OUT = """
    import asyncio

    async def echo(reader, writer):
        try:
            while data := await asyncio.wait_for(reader.read(65536), 1.0):
                writer.write(data)
                await writer.drain()
        except TimeoutError:
            print("dropped", flush=True)
        writer.close()

    async def main(listener):
        await (await asyncio.start_server(echo, sock=listener, backlog=1024)).serve_forever()

    def serve(listener):
        asyncio.run(main(listener))
"""
THREADS_TIME_OUT = """
    import threading

    def echo(client):
        client.settimeout(1.0)
        try:
            while data := client.recv(65536):
                client.sendall(data)
        except TimeoutError:
            print("dropped", flush=True)
        client.close()

    def serve(listener):
        while True:
            threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()
"""


@pytest.mark.parametrize(
    "source", [TIMES_OUT, ASYNCIO_TIMES_OUT, THREADS_TIME_OUT], ids=["select", "asyncio", "threads"]
)
def test_a_pause_longer_than_every_time_out_drops_nobody_and_loses_nothing(
    watched, learner, source
):
    server, inside = watched(learner(source))
    with server.connect(timeout=30) as early:
        early.echo(b"hello")
        inside.pause()
        late = [server.connect(timeout=30) for _ in range(100)]
        for number, peer in enumerate(late):
            peer.send(b"%06d" % number * 100)
        time.sleep(2.5)  # the pause: longer than the server's time-out of 1 s
        assert "dropped" not in server.log
        assert early.sock.fileno() >= 0
        inside.run()
        for number, peer in enumerate(late):
            assert peer.recv_exactly(600) == b"%06d" % number * 100
        early.echo(b"still here")
        assert "dropped" not in server.log
        for peer in late:
            peer.close()
    assert inside.becomes(lambda state: state["totals"]["closed"] >= 101)
    assert inside.becomes(lambda state: state["totals"]["received"] == 5 + 60_000 + 10)


@pytest.mark.parametrize("source", [TIMES_OUT, THREADS_TIME_OUT], ids=["select", "threads"])
def test_time_outs_run_on_after_a_pause(watched, learner, source):
    server, inside = watched(learner(source))
    with server.connect(timeout=30) as peer:
        peer.echo(b"hello")
        inside.pause()
        inside.run()
        assert peer.recv_to_eof() == b""
    assert inside.becomes(lambda state: "dropped" in server.log)


CLOCK = """
    import time

    def serve(listener):
        while True:
            client, _ = listener.accept()
            while client.recv(100):
                began, real = time.monotonic(), time.perf_counter()
                while time.monotonic() < began + 0.01:
                    pass
                client.sendall(b"%f" % time.monotonic())
"""


def test_a_step_lets_the_clock_go_on_so_that_a_loop_on_the_clock_ends(watched, learner):
    server, inside = watched(learner(CLOCK))
    with server.connect(timeout=20) as peer:
        peer.send(b"x")
        before = float(peer.recv(100))
        assert inside.becomes(
            lambda state: [one["call"] for one in state["threads"].values()] == ["recv"]
        )
        inside.pause(at="kernel")
        peer.send(b"x")
        assert inside.becomes(lambda state: state["held"]["at"] == "call")
        time.sleep(1)
        inside.step(at="call")
        assert float(peer.recv(100)) - before < 1.0
        inside.run()


# ------------------------------------------------------------------- conditions


def test_it_runs_until_a_descriptor_is_ready(watched):
    server, inside = watched("echo_selectors")
    with server.connect(timeout=20) as a, server.connect(timeout=20) as b:
        a.echo(b"x")
        b.echo(b"x")
        inside.rests(2)
        fd = next(
            one["fd"]
            for one in inside.clients()
            if one["peer"].endswith(f":{b.sock.getsockname()[1]}")
        )
        inside.until({"fd": fd})
        a.echo(b"not this one")
        assert inside.state["held"] is None
        b.send(b"this one")
        assert inside.becomes(lambda state: state["held"])
        held = inside.state["held"]
        assert held["why"] == f"descriptor {fd} is ready" and held["key"].startswith(f"{fd}#")
        assert inside.state["mode"] == "pause"
        inside.run()
        assert b.recv_exactly(8) == b"this one"


def test_it_runs_until_too_much_is_owed(watched):
    server, inside = watched("echo_select")
    with server.connect(timeout=20, rcvbuf=4096) as peer:
        peer.echo(b"x")
        inside.until({"owed": [">", 0]})
        peer.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                peer.sock.send(b"x" * 65536)
        assert inside.becomes(lambda state: state["held"])
        assert "are owed" in inside.state["held"]["why"]
        assert any(one["owed"] for one in inside.clients())


@pytest.mark.parametrize("name", ["echo_selectors", "echo_asyncio"])
def test_it_runs_until_a_handler_takes_long(watched, learner, name):
    slow = {
        "echo_selectors": """
            import selectors, time

            def serve(listener):
                selector = selectors.DefaultSelector()
                selector.register(listener, selectors.EVENT_READ, accept)
                while True:
                    for key, _ in selector.select():
                        key.data(selector, key.fileobj)

            def accept(selector, listener):
                selector.register(listener.accept()[0], selectors.EVENT_READ, read)

            def read(selector, client):
                data = client.recv(100)
                if data == b"slow":
                    time.sleep(0.2)
                client.sendall(data) if data else selector.unregister(client)
        """,
        "echo_asyncio": """
            import asyncio, time

            async def read(reader, writer):
                while data := await reader.read(100):
                    if data == b"slow":
                        time.sleep(0.2)
                    writer.write(data)

            async def main(listener):
                await (await asyncio.start_server(read, sock=listener)).serve_forever()

            def serve(listener):
                asyncio.run(main(listener))
        """,
    }[name]
    server, inside = watched(learner(slow))
    with server.connect(timeout=20) as peer:
        peer.echo(b"fast")
        inside.until({"handler_ms": [">", 150]})
        peer.send(b"slow")
        assert inside.becomes(lambda state: state["held"])
        assert inside.state["held"]["why"].startswith("read took 2")
        inside.run()
        assert peer.recv_exactly(4) == b"slow"


def test_it_runs_until_a_call_is_wasted_or_fails(watched):
    server, inside = watched("echo_busywait")
    inside.until({"wasted": True})
    assert inside.becomes(lambda state: state["held"])
    assert "found nothing" in inside.state["held"]["why"]
    inside.until({"error": True})
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        assert inside.state["held"] is None
        peer.reset()
    assert inside.becomes(lambda state: state["held"])
    assert inside.state["held"]["why"].endswith("failed: ECONNRESET")


# -------------------------------------------------------------- whatever is asked


def test_nonsense_is_answered_with_a_note_and_changes_nothing(watched):
    server, inside = watched("echo_select")
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        for line in (
            b"nonsense\n",
            b"[1, 2]\n",
            b"\xff\xfe\n",
            b'{"do": "fly", "n": 1}\n',
            b'{"do": "step", "of": "week", "n": 2}\n',
            b'{"do": "until", "cond": {"fd": "seven"}, "n": 3}\n',
            b'{"do": "until", "cond": {}, "n": 4}\n',
            b'{"do": "until", "cond": {"owed": ["><", 1]}, "n": 5}\n',
            b'{"do": "until", "cond": {"owed": 1}, "n": 6}\n',
            b"x" * 100_000 + b"\n",
        ):
            inside.watched._sock.sendall(line)
        assert inside.becomes(
            lambda state: sum(one["op"] == "note" for one in state["timeline"]) >= 10
        )
        peer.echo(b"y")
        inside.rests(2)
        inside.pause(at="kernel")
        inside.run()


def test_commands_that_come_in_one_piece_are_all_answered(watched):
    server, inside = watched("echo_poll")
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        lines = [{"do": "pause", "n": 1}]
        lines += [{"do": "step", "of": "turn", "n": n} for n in range(2, 50)]
        lines += [{"do": "run", "n": 50}]
        inside.watched._sock.sendall(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
        assert inside.becomes(lambda state: state["asked"] == 50)
        told = [one["n"] for one in inside.events if one["e"] == "ctl"]
        assert told == list(range(1, 51))
        peer.echo(b"y")


def test_a_paused_server_ends_when_it_is_told_to(watched):
    for name in ("echo_select", "echo_threads", "echo_busywait", "echo_asyncio"):
        server, inside = watched(name)
        with server.connect(timeout=20) as peer:
            peer.echo(b"x")
            inside.pause()
            peer.send(b"y")
            began = time.monotonic()
            assert server.stop(timeout=20) == 0
            assert time.monotonic() - began < 15
            assert inside.becomes(lambda state: state["ended"])


def test_a_server_goes_on_when_nobody_watches_any_more(watched):
    server, inside = watched("echo_select")
    with server.connect(timeout=20) as peer:
        peer.echo(b"x")
        inside.pause()
        peer.send(b"held")
        inside.watched._sock.shutdown(2)
        assert peer.recv_exactly(4) == b"held"
        peer.echo(b"more")
    assert server.stop() == 0


def test_the_end_of_a_killed_server_is_told_too(watched):
    server, inside = watched("echo_select")
    inside.pause()
    server.kill()
    assert inside.becomes(lambda state: state["ended"])
    assert inside.events[-1]["e"] == "bye"
    with pytest.raises(KitError, match="ended"):
        inside.watched.pause()
