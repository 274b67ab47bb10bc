"""A real Jupyter kernel that restarts, shuts down or is killed takes its servers along."""

import signal
import time

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

START = """
from reactorkit import crowd, serve
servers = [serve("echo_threads"), serve("echo_busywait")]
visitors = crowd(servers[0], 3)
servers[0].pause()
print(visitors.pid, *[server.pid for server in servers])
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(startup_timeout=60)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


def start_servers(client):
    """Run START in the kernel; return the processes it made, keepers included."""
    said = []
    client.execute_interactive(
        START, timeout=60, output_hook=lambda message: said.append(message["content"])
    )
    pids = next(each["text"] for each in said if each.get("name") == "stdout").split()
    processes = [psutil.Process(int(pid)) for pid in pids]
    return processes + [process.parent() for process in processes]


def end_by_restart(manager):
    manager.restart_kernel(now=False)


def end_by_shutdown(manager):
    manager.shutdown_kernel(now=False)


def end_by_sigkill(manager):
    manager.signal_kernel(signal.SIGKILL)


def runs(process):
    """Whether a process has not ended: a zombie has, and only waits for init to ask for it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("end", [end_by_restart, end_by_shutdown, end_by_sigkill])
def test_nothing_outlives_the_kernel(kernel, end):
    manager, client = kernel
    processes = start_servers(client)
    assert len(processes) == 6
    assert all(process.is_running() for process in processes)
    end(manager)
    # Two seconds is what an idle machine needs at most; a crowded one may take its time.
    deadline = time.monotonic() + 20
    while any(runs(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [process for process in processes if runs(process)] == []
