"""Chat on Node.js: chat_node.js, started like reactorkit/servers/wild/echo_node.js."""

import pathlib

from reactorkit.servers.wild import echo_node


def serve(listener):
    echo_node.run(pathlib.Path(__file__).with_suffix(".js"), listener)
