"""Running a cell again replaces what it made; a real kernel is asked."""

import time

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from reactorkit.lab.cells import Cells

START = "from reactorkit import serve, clean_up\nserver = serve('echo_threads')\nprint(server.pid)"
TWO = "a = serve('echo_threads')\nb = serve('echo_threads')\nprint(a.pid, b.pid)"


class Thing:
    def __init__(self):
        self.stopped = False

    def stop(self):
        self.stopped = True


def make(cells):
    key = cells.slot()
    thing = Thing()
    cells.keep(key, thing)
    return thing


def test_the_same_place_in_the_same_cell_is_replaced():
    cells = Cells()
    cells.begin("one")
    first, second = make(cells), make(cells)
    cells.begin("two")
    other = make(cells)
    cells.begin("one")
    make(cells)
    assert [first.stopped, second.stopped, other.stopped] == [True, False, False]


def test_outside_a_cell_nothing_is_replaced():
    cells = Cells()
    first = make(cells)
    make(cells)
    assert not first.stopped


@pytest.fixture
def kernel():
    notebook = nbformat.v4.new_notebook()
    client = NotebookClient(notebook, kernel_name="python3", timeout=60)
    with client.setup_kernel():

        def run(source):
            notebook.cells.append(nbformat.v4.new_code_cell(source))
            cell = client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
            return "".join(output.get("text", "") for output in cell.outputs)

        yield run


def gone(pid):
    deadline = time.monotonic() + 3
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not psutil.pid_exists(pid)


def test_a_kernel_replaces_the_servers_of_a_cell_that_runs_again(kernel):
    first = int(kernel(START))
    a, b = (int(pid) for pid in kernel(TWO).split())
    again = int(kernel(START))
    assert again != first
    assert gone(first)
    assert all(psutil.pid_exists(pid) for pid in (a, b, again))
    assert kernel("clean_up()") == "Nothing is left running.\n"
    assert gone(a)
    assert gone(again)


def test_an_exception_in_a_cell_leaves_running_servers_alone(kernel):
    pid = int(kernel(START))
    kernel("try:\n    serve('no_such_server')\nexcept Exception as error:\n    print(error)")
    assert psutil.pid_exists(pid)
    kernel("clean_up()")


def test_clean_up_closes_the_clients_before_it_ends_their_server(kernel):
    # chat_reactor waits up to two seconds for whoever still has to fetch what it is owed.
    kernel(
        "from reactorkit import serve, clean_up\n"
        "server = serve('chat_reactor')\n"
        "ann = server.connect()"
    )
    assert kernel("clean_up()\nprint(ann.sock.fileno())") == "Nothing is left running.\n-1\n"
