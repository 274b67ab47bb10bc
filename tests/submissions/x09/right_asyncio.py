"""asyncio: the keyboard is a stream where it can be watched, and a thread reads it elsewhere."""

import asyncio
import json
import os
import stat


def chat(server, user):
    asyncio.run(talk(server, user))


async def talk(server, user):
    reader, writer = await asyncio.open_connection(sock=server, limit=1 << 20)
    typist = asyncio.create_task(send_what_is_typed(writer, user))
    try:
        while line := await reader.readline():
            hear(line)
    except OSError:
        pass
    typist.cancel()
    writer.transport.abort()


async def send_what_is_typed(writer, user):
    rest = b""
    read = await keyboard()
    try:
        while data := await read():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                await send(writer, user, line.decode())
        if rest:
            await send(writer, user, rest.decode())
        writer.write_eof()
    except OSError:
        pass


async def send(writer, user, text):
    show(user, text)
    writer.write(json.dumps({"user": user, "text": text}).encode() + b"\n")
    await writer.drain()


async def keyboard():
    """Return a coroutine function that reads what has been typed."""
    loop = asyncio.get_running_loop()
    if stat.S_ISFIFO(os.fstat(0).st_mode) or os.isatty(0):
        stream = asyncio.StreamReader()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(0, "rb", 0, closefd=False)
        )
        return lambda: stream.read(65536)
    # A file never makes anybody wait for a person, so that the thread always ends.
    return lambda: asyncio.to_thread(os.read, 0, 65536)


def hear(line):
    try:
        match json.loads(line):
            case {"user": str(user), "text": str(text)}:
                show(user, text)
    except ValueError:
        pass


def show(user, text):
    print(f"[{clean(user)}] {clean(text)}", flush=True)


def clean(text):
    return text.translate(dict.fromkeys([*range(32), *range(127, 160)], 0xFFFD))
