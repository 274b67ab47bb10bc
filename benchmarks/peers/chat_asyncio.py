"""Chat on asyncio's own loop, with a send for each message and member."""

import asyncio

import asyncio_protocols


def serve(listener):
    asyncio.run(asyncio_protocols.main(listener, asyncio_protocols.Chat))
