"""Echo on uvloop, as a protocol: the fastest echo that Python's libraries offer."""

import asyncio_protocols
import uvloop


def serve(listener):
    uvloop.run(asyncio_protocols.main(listener, asyncio_protocols.Echo))
