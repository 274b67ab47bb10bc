"""Chat on uvloop, with one send for each member and turn of the loop."""

import asyncio_protocols
import uvloop


def serve(listener):
    uvloop.run(asyncio_protocols.main(listener, asyncio_protocols.ChatByTurns))
