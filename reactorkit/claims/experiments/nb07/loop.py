"""One loop for two services: an echo and a chat, in one process and in one thread (C83)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reactorkit.claims.experiments.nb02.common import threads_of, wait_for
from reactorkit.claims.experiments.nb07 import pictures
from reactorkit.claims.experiments.nb07.members import Member, gather
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.server import Server

BOTH = Path(__file__).with_name("taught") / "echo_and_chat.py"


def one_loop_two_services(world: World) -> Evidence:
    """C83: hold a dialogue with the echo and with the chat that one reactor runs."""
    server = world.serve(BOTH)
    chat = second_door(world, server)
    echo = world.peer(server)
    echo.send(b"hello, echo")
    ann, bob = (Member(world.peer(chat), name, b"\n") for name in ("Ann", "Bob"))
    gather((ann, bob))
    ann.say("hello, chat")
    seen: dict[str, Any] = {
        "echo": echo.recv_exactly(11).decode(),
        "chat": bob.hear("hello, chat").decode(),
        "threads": threads_of(server),
    }
    return Evidence(
        findings={
            "C83": Finding(
                both_dialogues_pass(seen),
                f"the echo gave back {seen['echo']!r}, Bob got {seen['chat'].strip()!r}, and the "
                f"process runs {seen['threads']} thread",
            )
        },
        data={"seen": seen},
        picture=pictures.draw_loop,
        caption="Four kinds of handlers, and one loop that calls them and knows none of them.",
        alt="A diagram: one reactor in the middle, with the handlers of an echo on the left and "
        "those of a chat on the right.",
    )


def second_door(world: World, server: Server) -> tuple[str, int]:
    """Return the address of the chat, which the server prints."""

    def printed() -> list[str]:
        return [line for line in server.log.splitlines() if line.startswith("chat at ")]

    wait_for(world, lambda: bool(printed()), "the server says where its chat is")
    host, port = printed()[0].removeprefix("chat at ").split()
    return host, int(port)


def both_dialogues_pass(seen: Mapping[str, Any]) -> bool:
    """Return whether both services answered, and one thread runs them."""
    return (
        seen["echo"] == "hello, echo"
        and '"user": "Ann"' in seen["chat"]
        and "hello, chat" in seen["chat"]
        and seen["threads"] == 1
    )
