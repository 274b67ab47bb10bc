"""Chat on uvloop, with a send for each message and member."""

import asyncio_protocols
import uvloop


def serve(listener):
    uvloop.run(asyncio_protocols.main(listener, asyncio_protocols.Chat))
