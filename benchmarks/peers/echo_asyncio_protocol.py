"""Echo on asyncio's own loop, as a protocol."""

import asyncio

import asyncio_protocols


def serve(listener):
    asyncio.run(asyncio_protocols.main(listener, asyncio_protocols.Echo))
