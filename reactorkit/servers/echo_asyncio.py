"""The loop is in the library: each client's code waits with `await`, yet there is one thread.

asyncio is the rung before this one, grown up: the same selector, the same callbacks, the same
coroutines on top of them, and a library of protocols, streams and processes around it.

Stops working when a coroutine computes for long without an `await`: as on every rung with one
thread, all the others wait for it. And each message costs more than before: it passes through
a transport, a protocol, a stream and a task.

Rung 10. This is where the ladder of echo servers ends.
"""

import asyncio


async def main(listener):
    # create listener: the launcher did. asyncio calls listen() again, and its usual backlog of 100
    # would be too short for a sudden crowd.
    # register: start_server() registers the listener with the loop, and each client later on.
    server = await asyncio.start_server(echo, sock=listener, backlog=1024)
    # wait: the loop calls select() whenever no coroutine can go on.
    # accept: the loop does. Then it starts echo() as a new task, with two ends of a stream.
    await server.serve_forever()


async def echo(reader, writer):
    try:
        # read: what has arrived, as soon as anything has; b"" means that the client sends no more.
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
    asyncio.run(main(listener))
