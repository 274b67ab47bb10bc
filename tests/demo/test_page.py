"""The stage's page: for one presenter only, and nothing of it is left when the presenter goes."""

import asyncio
import contextlib
import socket
import subprocess
import sys

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from reactorkit.demo.opening import page_class
from reactorkit.demo.page import LOOK_EVERY, SILENT, UNCONNECTED, Watch

FAREWELL = 5  # seconds that may pass until nothing is left
BUSY = 3  # times as long on a machine with other things to do


class Kernels:
    """Stands for the manager of kernels: what has been ended."""

    def __init__(self, *ids):
        self.ids, self.connections = list(ids), 1

    def __contains__(self, kernel_id):
        return kernel_id in self.ids

    def list_kernel_ids(self):
        return list(self.ids)

    def kernel_model(self, kernel_id):
        return {"id": kernel_id, "connections": self.connections}

    async def shutdown_kernel(self, kernel_id, now):
        assert now
        self.ids.remove(kernel_id)


def looks(watch, n):
    for _ in range(n):
        asyncio.run(watch.look())


def test_a_page_that_falls_silent_is_given_up_within_two_minutes():
    kernels, said = Kernels("a", "b"), []
    watch = Watch(kernels, said.append)
    assert (SILENT + 1) * LOOK_EVERY <= 120
    looks(watch, SILENT)
    assert watch.beat("a")
    looks(watch, 1)
    assert kernels.ids == ["a"]
    assert said == ["A page has fallen silent: its servers have ended."]


def test_a_page_that_beats_once_a_minute_stays():
    """A hidden tab's timers may tick only once a minute where there are no workers."""
    kernels = Kernels("a")
    watch = Watch(kernels, print)
    for _ in range(5):
        looks(watch, int(60 / LOOK_EVERY))
        assert watch.beat("a")
    assert kernels.ids == ["a"]


def test_a_page_that_lost_its_connection_and_its_beat_is_taken_for_closed():
    kernels, said = Kernels("a"), []
    watch = Watch(kernels, said.append)
    assert (UNCONNECTED + 1) * LOOK_EVERY < FAREWELL
    watch.beat("a")
    kernels.connections = 0
    looks(watch, 2 * UNCONNECTED)
    assert kernels.ids == ["a"], "it is still loading"
    watch.beat("a")
    kernels.connections = 1
    looks(watch, 1)
    kernels.connections = 0
    for _ in range(UNCONNECTED + 1):
        looks(watch, 1)
        watch.beat("a")
    assert kernels.ids == ["a"], "it connects anew"
    looks(watch, UNCONNECTED + 1)
    assert kernels.ids == []
    assert said == ["A page was closed: its servers have ended."]


def test_a_page_whose_kernel_has_ended_is_told_so():
    watch = Watch(Kernels("a"), print)
    assert not watch.beat("b")
    asyncio.run(watch.gone("b", "never said"))


def test_the_address_holds_a_secret_that_changes():
    page = page_class()
    assert page("").path != page("").path


def test_a_page_that_says_goodbye_leaves_nothing(start_stage, eventually):
    stage = start_stage()
    status, text = stage.ask("GET", "/")
    assert "widget-view+json" not in text
    assert status != 200 or "token" in text.lower()
    kernel = stage.open()
    assert eventually(lambda: len(stage.servers()) >= 2), "the scene's two servers have started"
    assert stage.ask("POST", f"/stage/{kernel}/here")[0] == 204
    stage.below()
    assert stage.ask("POST", f"/stage/{kernel}/gone")[0] == 204
    assert eventually(lambda: not stage.left(), BUSY * FAREWELL)
    assert stage.ask("POST", f"/stage/{kernel}/here")[0] == 410
    again = stage.open()
    assert again != kernel


@pytest.fixture
def kernel():
    """A kernel that no page is connected to, its process, and its client."""
    manager, client = start_new_kernel(startup_timeout=60)
    try:
        yield psutil.Process(manager.provisioner.pid), client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_page_is_told_nothing_before_it_is_up(kernel, eventually):
    """What is made while a page comes up would keep it waiting, or would never be seen."""

    def opened(told):
        return told["content"]["data"]["state"] if told["msg_type"] == "comm_open" else {}

    process, client = kernel
    told = []
    set_stage = "from reactorkit.demo.stage import set_stage\nset_stage()"
    client.execute_interactive(set_stage, timeout=60, output_hook=told.append)
    assert eventually(lambda: servers_below(process) == 2), "they start without a page"
    assert not client.iopub_channel.msg_ready()
    keys = next(one["content"]["comm_id"] for one in told if "question" in opened(one))
    hello = {"method": "custom", "content": {"do": "hello"}}
    client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": keys, "data": hello}))
    kinds = []
    while "live" not in kinds:
        kinds.append(opened(client.get_iopub_msg(timeout=30)).get("start", {}).get("kind"))
    assert "replay" in kinds


def servers_below(process):
    """Return how many watched servers run below a process; their keepers do not count."""
    count = 0
    for one in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(one.cmdline())
            count += "-m reactorkit.probe" in command and "keeper" not in command
    return count


def test_ctrl_c_ends_everything_at_once(start_stage, eventually):
    stage = start_stage()
    stage.open()
    assert eventually(lambda: len(stage.servers()) >= 2)
    stage.below()
    assert stage.interrupt() == 0
    assert eventually(lambda: not stage.left(), BUSY * FAREWELL)


def run(*words):
    """Run Python to its end; returns what it did."""
    command = [sys.executable, "-P", *words]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_a_port_that_is_taken_gets_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("-m", "reactorkit", "demo", "--no-browser", "--port", port)
    assert done.returncode == 2
    assert f"cannot listen at port {port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_rehearsal_of_the_page_is_ready():
    done = run("-c", "from reactorkit.demo.rehearsal import rehearse_page as look; print(look())")
    assert "READY" in done.stdout, done.stdout + done.stderr
    assert "NOT READY" not in done.stdout
