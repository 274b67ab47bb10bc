"""`python -m reactorkit serve`: one line when it listens, sentences when it cannot, a sure end."""

import signal
import socket

import pytest

ECHO_ONE = """
def serve(listener):
    while True:
        client, _ = listener.accept()
        client.sendall(client.recv(100))
        client.close()
"""


def port_of(process):
    word, host, port = process.stdout.readline().split()
    assert (word, host) == ("listening", "127.0.0.1")
    return int(port)


def refused(launch, *words):
    """Return what it says when it does not start: one sentence or two, and never a traceback."""
    process = launch(*words)
    out, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert out == ""
    assert "Traceback" not in error
    return error.rstrip("\n")


# ------------------------------------------------------------------ what is served


def test_a_learners_file_is_served_and_the_line_comes_when_it_accepts(launch, write):
    process = launch(write(ECHO_ONE))
    with socket.create_connection(("127.0.0.1", port_of(process)), timeout=20) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"


def test_a_relative_path_and_any_working_folder_will_do(launch, write):
    write(ECHO_ONE)
    assert port_of(launch("./my_server.py"))
    assert port_of(launch("echo_threads"))


def test_a_helper_beside_the_file_can_be_imported_and_hides_nothing_of_pythons(launch, write):
    write("WORD = b'from the helper'\n", "my_helper.py")
    write("raise SystemExit('not this one')\n", "json.py")
    source = "import json, my_helper\njson.dumps(1)\n" + ECHO_ONE.replace(
        "client.recv(100)", "my_helper.WORD"
    )
    process = launch(write(source))
    with socket.create_connection(("127.0.0.1", port_of(process)), timeout=20) as client:
        assert client.recv(100) == b"from the helper"


def test_the_newest_text_of_a_file_is_served_and_no_bytecode_is_left(launch, write, tmp_path):
    for word in ("old", "new"):  # the same length, saved within one second
        process = launch(write(f"def serve(listener):\n    print({word!r})\n"))
        assert process.communicate(timeout=20)[0].splitlines()[1:] == [word]
    assert not (tmp_path / "__pycache__").exists()


def test_each_printed_line_is_seen_at_once(launch, write):
    source = "def serve(listener):\n    print('one')\n    listener.accept()\n"
    process = launch(write(source))
    port_of(process)
    assert process.stdout.readline() == "one\n"


def test_the_main_guard_of_a_script_does_not_run(launch, write):
    source = f"{ECHO_ONE}\nif __name__ == '__main__':\n    raise SystemExit('ran as a script')\n"
    assert port_of(launch(write(source)))


def test_the_listener_is_what_the_contract_says(launch, write):
    source = """
import socket
def serve(listener):
    print(listener.getblocking(), listener.proto == socket.IPPROTO_TCP,
          listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0,
          listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0, __name__)
"""
    out, _ = launch(write(source)).communicate(timeout=20)
    assert out.splitlines()[1] == "True True True True my_server"


def test_little_is_loaded_before_the_target(launch, write):
    # Each of these would cost a served process more than the launcher itself does.
    heavy = {"asyncio", "dataclasses", "inspect", "shutil", "subprocess", "threading", "traceback"}
    source = "import sys\ndef serve(listener):\n    print(*sys.modules)\n"
    out, _ = launch(write(source)).communicate(timeout=20)
    assert not heavy & {*out.splitlines()[1].split()}


# ---------------------------------------------------------------- what is refused


def test_an_unknown_name_suggests_the_nearest(launch):
    assert refused(launch, "echo_thread").startswith(
        "There is no server called 'echo_thread'. Did you mean echo_threads"
    )
    assert "The ladder has echo_blocking, echo_threads," in refused(launch, "???")


def test_a_missing_file_suggests_its_neighbours(launch, write):
    write(ECHO_ONE)
    assert refused(launch, "my_sever.py") == (
        "There is no file my_sever.py. Did you mean my_server.py?"
    )
    assert refused(launch, "nowhere/x.py") == "There is no file nowhere/x.py."


def test_a_syntax_error_shows_file_line_and_place(launch, write):
    path = write("import socket\n\ndef serve(listener)\n    pass\n")
    said = refused(launch, path).splitlines()
    assert said[0] == f"{path}, line 3: expected ':'."
    assert said[1] == "def serve(listener)"
    assert said[2] == " " * len("def serve(listener)") + "^"


def test_a_caret_below_a_tab_stands_under_its_place(launch, write):
    said = refused(launch, write("def serve(listener):\n\tx = = 1\n")).splitlines()
    assert said[1:] == ["\tx = = 1", "\t    ^"]


@pytest.mark.parametrize("source", [b"x = '\0'\n", b"# caf\xe9\nx = 1\n"])
def test_a_file_that_is_not_text_is_refused(launch, write, source):
    path = write(source)
    assert refused(launch, path).startswith(path)


def test_a_file_without_serve_is_refused(launch, write):
    path = write("def server(listener): pass\n")
    assert refused(launch, path) == (
        f"{path} has no function serve(listener), so there is nothing to start."
    )
    assert "has no function serve" in refused(launch, write("serve = 3\n"))


def test_a_file_that_ends_itself_while_loading_is_refused(launch, write):
    path = write("import sys\nsys.exit(3)\n")
    assert refused(launch, path) == f"{path} ended itself while it was being loaded: SystemExit(3)."


def test_a_file_named_like_a_module_of_python_is_refused(launch, write):
    said = refused(launch, write(ECHO_ONE, "select.py"))
    assert said.startswith("select.py has the name of one of Python's own modules")


def test_an_async_serve_is_refused(launch, write):
    process = launch(write("async def serve(listener): pass\n"))
    _, error = process.communicate(timeout=20)
    assert process.returncode == 2
    assert error.startswith("serve() is an async function, so calling it did nothing.")
    assert error.count("\n") == 1


@pytest.mark.parametrize("port", ["80000", "-1", "http", "1.5", "²"])
def test_a_port_that_is_none_is_refused(launch, port):
    said = refused(launch, "echo_threads", f"--port={port}")
    assert said == f"{port!r} is not a port. Ports are whole numbers from 0 to 65535."


def test_a_taken_port_is_refused_with_a_way_out(launch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(launch, "echo_threads", "--port", str(port))
    assert said.startswith(f"Port {port} is taken: another program listens on it.")


def test_a_host_that_is_none_is_refused(launch):
    said = refused(launch, "echo_threads", "--host", "no.such.host.invalid")
    assert said.startswith("'no.such.host.invalid' is not an address or a known name.")
    # TEST-NET-1 (RFC 5737): an address that belongs to nobody.
    said = refused(launch, "echo_threads", "--host", "192.0.2.1")
    assert said.startswith("192.0.2.1 is not an address of this machine.")


def test_a_host_that_others_can_reach_is_warned_about(launch):
    process = launch("echo_threads", "--host", "0.0.0.0")
    assert process.stdout.readline().startswith("listening 0.0.0.0 ")
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=20)
    assert error.startswith("Warning: 0.0.0.0 is not a loopback address.")
    assert process.returncode == 0


# ------------------------------------------------------------- when serve() fails


def test_an_exception_in_serve_keeps_its_traceback_and_shows_only_the_targets_frames(launch, write):
    path = write("def serve(listener):\n    inner()\n\ndef inner():\n    return 1 / 0\n")
    process = launch(path)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    files = [line.split('"')[1] for line in error.splitlines() if line.startswith("  File ")]
    assert files == [path, path]
    assert error.rstrip().endswith("ZeroDivisionError: division by zero")


def test_an_exception_while_loading_is_shown_the_same_way(launch, write):
    path = write("import socket\nnothing_like_this\n")
    process = launch(path)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert f'File "{path}", line 2' in error
    assert "launcher" not in error


def test_a_serve_that_takes_no_listener_is_told_so(launch, write):
    _, error = launch(write("def serve(): pass\n")).communicate(timeout=20)
    assert "serve() takes 0 positional arguments but 1 was given" in error


def test_a_serve_that_returns_ends_with_status_0_and_says_so(launch, write):
    process = launch(write("def serve(listener): pass\n"))
    _, error = process.communicate(timeout=20)
    assert process.returncode == 0
    assert error == "serve() has returned, so this server ends.\n"
