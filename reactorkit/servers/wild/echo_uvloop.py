"""The same coroutines on another loop: libuv, the engine of Node.js, inside Python.

uvloop is a loop for asyncio, written in C around libuv. Whoever writes `await` need not know: this
file differs from echo_asyncio in its last line.

In the wild. What echo_asyncio does in Python (wait, accept, recv, send) happens here in C, out of
sight of Python's own sockets and selectors.
"""

import asyncio

import uvloop


async def main(listener):
    # create listener: the launcher did; uvloop takes over its descriptor.
    # register: libuv, with epoll or kqueue.
    server = await asyncio.start_server(echo, sock=listener, backlog=1024)
    # wait: libuv does, in uv_run().
    # accept: libuv does, and starts echo() as a task.
    await server.serve_forever()


async def echo(reader, writer):
    try:
        # read: what has arrived; b"" means that the client sends no more.
        while data := await reader.read(65536):
            # buffer: write() sends what fits, and keeps the rest.
            writer.write(data)
            # write: the loop sends the rest once there is room; drain() waits if it is much.
            await writer.drain()
    except (OSError, asyncio.CancelledError):  # a reset, or the end of the server
        pass
    # close: what is still in the buffer is sent first.
    writer.close()


def serve(listener):
    uvloop.run(main(listener))
