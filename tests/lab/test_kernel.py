"""A notebook's kernel hears what is said to it while it replies."""

import queue

import pytest
from jupyter_client.manager import start_new_kernel

from reactorkit.lab import kernel

AT_START = ["--IPKernelApp.extensions=['reactorkit.lab.kernel']"]
BY_THE_KIT = "from reactorkit.lab.cells import watch_cells\nwatch_cells()"
# The moment in which a request could get lost lies between waking up and sending: make it so long
# that requests meet it.
LINGER = """
import time

manager = get_ipython().kernel.shell_channel_thread.manager
name = "_shell_socket" if hasattr(manager, "_shell_socket") else "_shell_stream"
sender = getattr(manager, name)

class Slow:
    def send_multipart(self, message):
        time.sleep(0.005)
        sender.send_multipart(message)

setattr(manager, name, Slow())
"""
QUESTIONS = 60
REMARKS = 8  # with each question
PATIENCE = 20  # seconds


@pytest.fixture(params=["as it starts", "by the kit's first call"])
def client(request):
    """The client of a kernel that was mended in one of two ways."""
    at_start = request.param == "as it starts"
    manager, client = start_new_kernel(
        startup_timeout=60, extra_arguments=AT_START if at_start else []
    )
    try:
        if not at_start:
            client.execute_interactive(BY_THE_KIT, timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def ask(client):
    """Run an empty cell and make remarks meanwhile, as a board does; return the reply, or None."""
    asked = client.execute("")
    reply = None
    for patience in [0.001] * REMARKS + [PATIENCE]:
        remark = client.session.msg("comm_msg", {"comm_id": "nobody", "data": {}})
        client.shell_channel.send(remark)
        try:
            reply = reply or client.get_shell_msg(timeout=patience)
        except queue.Empty:
            continue
    return reply if reply and reply["parent_header"]["msg_id"] == asked else None


def test_a_kernel_that_is_spoken_to_while_it_replies_goes_on_listening(client):
    client.execute_interactive(LINGER, timeout=60)
    for number in range(QUESTIONS):
        assert ask(client), f"deaf after {number} replies"


def test_where_there_is_no_kernel_nothing_is_changed():
    kernel.mend()
