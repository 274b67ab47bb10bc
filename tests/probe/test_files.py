"""A learner's file is seen as it is, however it imports and whatever it is built on."""

import pytest

SELECT_AS_S = """
    import select as s
    from socket import socket

    def serve(listener: socket):
        clients = [listener]
        while True:
            for one in s.select(clients, [], [])[0]:
                if one is listener:
                    clients.append(one.accept()[0])
                elif data := one.recv(4096):
                    one.sendall(data)
                else:
                    clients.remove(one)
                    one.close()
"""
SELECT_BY_NUMBER_AND_MEMBERSHIP = """
    from select import select

    def serve(listener):
        clients = {}
        while True:
            readable, _, _ = select([listener.fileno(), *clients], [], [])
            if listener.fileno() in readable:
                client = listener.accept()[0]
                clients[client.fileno()] = client
            for fd in list(clients):
                if fd in readable:
                    data = clients[fd].recv(4096)
                    if data:
                        clients[fd].sendall(data)
                    else:
                        clients.pop(fd).close()
"""
SOCKETSERVER = """
    import socketserver

    class Echo(socketserver.StreamRequestHandler):
        def handle(self):
            while data := self.request.recv(4096):
                self.wfile.write(data)

    def serve(listener):
        server = socketserver.{kind}(listener.getsockname(), Echo, bind_and_activate=False)
        server.daemon_threads = True
        server.socket.close()
        server.socket = listener
        server.serve_forever()
"""
LINES = """
    import threading

    def echo(client):
        with client, client.makefile("rwb") as file:
            for line in file:
                file.write(line)
                file.flush()

    def serve(listener):
        while True:
            threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()
"""
ASYNCIO_SOCKETS = """
    import asyncio

    async def echo(loop, client):
        with client:
            while data := await loop.sock_recv(client, 4096):
                await loop.sock_sendall(client, data)

    async def main(listener):
        listener.setblocking(False)
        loop, tasks = asyncio.get_running_loop(), set()
        while True:
            client, _ = await loop.sock_accept(listener)
            tasks.add(asyncio.create_task(echo(loop, client)))

    def serve(listener):
        asyncio.run(main(listener))
"""
SELECTORS = """
    from selectors import DefaultSelector, EVENT_READ

    def serve(listener):
        with DefaultSelector() as selector:
            selector.register(listener, EVENT_READ, data="the listener")
            while True:
                events = selector.select()
                for key, mask in events:
                    if key.data == "the listener":
                        selector.register(key.fileobj.accept()[0], EVENT_READ, {"a": "dict"})
                    elif data := key.fileobj.recv(4096):
                        key.fileobj.sendall(data)
                    else:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()
"""
RECV_INTO = """
    def serve(listener):
        space = bytearray(4096)
        while True:
            client, _ = listener.accept()
            with client:
                while n := client.recv_into(space):
                    client.sendmsg([memoryview(space)[:n]])
"""
FILES = {
    "select_as_s": (SELECT_AS_S, "select"),
    "by_number": (SELECT_BY_NUMBER_AND_MEMBERSHIP, "select"),
    "in_line": (SOCKETSERVER.format(kind="TCPServer"), "threads"),
    "in_threads": (SOCKETSERVER.format(kind="ThreadingTCPServer"), "threads"),
    "lines": (LINES, "threads"),
    "on_a_loop": (ASYNCIO_SOCKETS, "asyncio"),
    "with_data": (SELECTORS, "selectors"),
    "into_buffers": (RECV_INTO, "blocking"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_seen_as_it_is(watched, learner, name):
    source, style = FILES[name]
    server, inside = watched(learner(source, name))
    assert inside.watched.header["style"] == style
    with server.connect(timeout=20) as peer:
        for word in (b"hello\n", b"world\n"):
            peer.echo(word)
        assert inside.becomes(lambda state: state["totals"]["sent"] == 12)
        state = inside.state
        assert state["totals"]["received"] == 12  # one event for each call, never one per layer
        (client,) = inside.clients()
        assert (client["received"], client["sent"]) == (12, 12)
        assert client["peer"] == "{}:{}".format(*peer.sock.getsockname())
        inside.pause()
        peer.send(b"again\n")
        inside.run()
        assert peer.recv_exactly(6) == b"again\n"
    assert inside.becomes(lambda state: state["totals"]["closed"] >= 1)
    assert server.alive, server.log


def test_a_socket_that_nobody_closes_is_closed_on_the_board_when_python_closes_it(watched, learner):
    server, inside = watched(
        learner("""
        def serve(listener):
            while True:
                client, _ = listener.accept()
                client.sendall(client.recv(100))
        """)
    )
    for _ in range(3):
        with server.connect(timeout=20) as peer:
            peer.echo(b"x")
    assert inside.becomes(lambda state: state["totals"]["closed"] >= 2)
    assert len(inside.clients()) <= 1


def test_a_reused_number_is_another_handle(watched):
    server, inside = watched("echo_select")
    for _ in range(3):
        with server.connect(timeout=20) as peer:
            peer.echo(b"x")
        closed = inside.state["totals"]["closed"]
        assert inside.becomes(lambda state, n=closed: state["totals"]["closed"] > n - 1)
    assert inside.becomes(lambda state: state["totals"]["closed"] == 3)
    opened = {(one["fd"], one["gen"]) for one in inside.events if one.get("role") == "client"}
    assert len(opened) == 3


def test_children_of_fork_are_not_watched_and_work(watched, learner):
    server, inside = watched(
        learner("""
        import os, signal

        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        def serve(listener):
            while True:
                client, _ = listener.accept()
                if os.fork() == 0:
                    while data := client.recv(4096):
                        client.sendall(data)
                    os._exit(0)
                client.close()
        """)
    )
    with server.connect(timeout=20) as peer:
        peer.echo(b"x" * 3000)
        assert inside.becomes(lambda state: state["totals"]["accepted"] == 1)
        inside.pause()
        peer.echo(b"y")  # the child is free
        inside.run()
    with server.connect(timeout=20) as peer:
        peer.echo(b"z")
    assert inside.becomes(lambda state: state["totals"]["accepted"] == 2)
    assert inside.state["totals"]["received"] == 0
    assert inside.state["ended"] is None


def test_errors_keep_their_kind_and_are_told(watched, learner):
    server, inside = watched(
        learner("""
        import select, socket

        def serve(listener):
            for wrong in (
                lambda: select.select([1.5], [], []),
                lambda: select.select([], [], [], -1),
                lambda: select.select(None, [], []),
                lambda: select.epoll(sizehint=0) if hasattr(select, "epoll") else int("x"),
                lambda: socket.socket().recv(),
                lambda: socket.socket().send("text"),
                lambda: socket.socket().recv(10),
            ):
                try:
                    wrong()
                except Exception as error:
                    print(type(error).__name__, flush=True)
            listener.accept()
        """)
    )
    server.connect(timeout=20).close()
    server.wait(20)
    kinds = [line for line in server.log.splitlines() if line.endswith("Error")]
    expected = "TypeError ValueError TypeError ValueError TypeError TypeError OSError"
    assert kinds == expected.split()
    assert inside.becomes(lambda state: state["totals"]["errors"] >= 1)
