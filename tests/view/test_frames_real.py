"""Real servers: what the live message says of them is what the replay of their recording says."""

import moments
import pytest

from reactorkit.lab.server import Server

STYLES = ["echo_threads", "echo_busywait", "echo_select", "echo_selectors", "echo_asyncio"]


def recorded(name):
    """Return the header and the events of a server that has been busy, paused and stepped."""
    with Server(name, watch=True, timeout=30) as server:
        watched = server.watched
        peers = [server.connect() for _ in range(3)]
        for peer in peers:
            for size in (1, 500, 20_000):
                peer.echo(b"x" * size)
        peers.pop().reset()
        number = watched.pause()
        assert watched.until_state(lambda state: state["asked"] >= number, 20)
        peers[0].send(b"while it is held")
        number = watched.step("handler")
        assert watched.until_state(lambda state: state["asked"] >= number, 20)
        watched.run()
        assert peers[0].recv_exactly(16) == b"while it is held"
        for peer in peers:
            peer.close()
    recording = watched.recording
    return recording.header, list(recording.events)


@pytest.mark.parametrize("name", STYLES)
def test_a_real_server_looks_the_same_both_ways(name):
    header, events = recorded(name)
    every = max(1, len(events) // 60)
    story = moments.story(header, events, every=every, anew=(7, 20))
    assert len(story["moments"]) > 10
    assert moments.differences([story]) == []
