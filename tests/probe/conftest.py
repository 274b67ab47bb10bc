"""What the probe's tests share: a watched server, and learners' files."""

import textwrap

import pytest

from reactorkit.lab.server import Server


@pytest.fixture
def watched():
    """Start watched servers, each with its inside; they are stopped at the end."""
    servers = []

    def start(target, **options):
        server = Server(target, watch=True, timeout=30, **options)
        servers.append(server)
        return server, Inside(server.watched)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def learner(tmp_path):
    """Write a learner's file and return its path."""

    def write(source, name="my_server"):
        path = tmp_path / f"{name}.py"
        path.write_text(textwrap.dedent(source))
        return path

    return write


class Inside:
    """The inside of a server, with every wait bounded."""

    def __init__(self, watched):
        self.watched, self.events = watched, []
        watched.subscribe(self.events.extend)

    @property
    def state(self):
        return self.watched.state()

    def becomes(self, true, timeout=15):
        """Wait until the state fulfils something; returns whether it does."""
        return self.watched.until_state(true, timeout)

    def _answer(self, number, at):
        def answered(state):
            held = state["held"]
            return state["asked"] >= number and held and at in (None, held["at"])

        assert self.becomes(answered), (
            f"asked {number}, answered {self.state['asked']}, "
            f"held {self.state['held']}, wanted {at}"
        )
        return self.state["held"]

    def rests(self, received):
        """Wait until it has answered so many bytes and its loop sleeps again."""
        assert self.becomes(
            lambda state: (
                state["totals"]["received"] == state["totals"]["sent"] == received
                and state["phase"] == "waiting"
                and state["timeout"] is None
            )
        )

    def pause(self, at=None):
        return self._answer(self.watched.pause(), at)

    def step(self, of="turn", at=None):
        return self._answer(self.watched.step(of), at)

    def until(self, condition):
        number = self.watched.until(condition)
        assert self.becomes(lambda state: state["asked"] >= number)

    def run(self):
        number = self.watched.run()
        assert self.becomes(lambda state: state["asked"] >= number)

    def clients(self):
        return [one for one in self.state["handles"].values() if one["role"] == "client"]
