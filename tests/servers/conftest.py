"""What the tests of the servers share: every rung in turn, and servers that end with the test."""

import contextlib
import re
import time

import pytest

from reactorkit import Peer
from reactorkit.errors import KitError
from reactorkit.lab.server import Server
from reactorkit.servers import WILD, serving
from reactorkit.servers import rung as rung_called

TIME = 20.0  # seconds: "is served" means within this time, however busy the machine is


def params(rungs):
    """Return the rungs as parameters; one that cannot run here is reported as such."""
    return [
        pytest.param(
            rung,
            id=rung.name,
            marks=pytest.mark.skipif(not rung.available(), reason=rung.missing),
        )
        for rung in rungs
    ]


@pytest.fixture(params=params(serving("echo") + WILD))
def rung(request):
    """Every echo server of the ladder and in the wild, one after the other."""
    return request.param


@pytest.fixture(params=params(serving("echo")))
def walked(request):
    """Every echo server of the walk."""
    return request.param


@pytest.fixture(params=params(WILD))
def wild(request):
    """Every server of other people."""
    return request.param


@pytest.fixture(params=params(rung for rung in serving("echo") + WILD if rung.serves_many))
def rung_for_many(request):
    """Every echo server that is declared to serve many clients at once."""
    return request.param


@pytest.fixture
def start():
    """Start a server that ends with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda target, **options: stack.enter_context(Server(target, **options))


@pytest.fixture
def server(rung, start):
    """A running server of the rung."""
    return start(rung.name)


@pytest.fixture
def variant(start, tmp_path):
    """Start chat_reactor with other limits."""

    def start_it(changes=(), **limits):
        source = rung_called("chat_reactor").path.read_text()
        for name, value in limits.items():
            source, found = re.subn(rf"(?m)^{name} = .*?(?=  #|$)", f"{name} = {value}", source)
            assert found == 1, name
        for before, after in changes:
            assert source.count(before) == 1, before
            source = source.replace(before, after)
        file = tmp_path / "my_chat.py"
        file.write_text(source)
        return start(file)

    return start_it


@pytest.fixture
def is_served():
    """Tell whether a new client of a server is answered within some time."""

    def ask(server, timeout=TIME):
        try:
            with Peer(server.address, timeout=timeout) as peer:
                peer.echo(b"are you there?")
        except (KitError, OSError):
            return False
        return True

    return ask


@pytest.fixture
def eventually():
    """Wait until a fact holds; return whether it does."""

    def wait(true):
        deadline = time.monotonic() + TIME
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait
