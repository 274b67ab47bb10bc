"""asyncio's streams, with drain()."""

import asyncio


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(listener):
    server = await asyncio.start_server(echo, sock=listener)
    await server.serve_forever()


def serve(listener):
    asyncio.run(main(listener))
