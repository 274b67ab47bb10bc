"""Prints three messages of one encoder, the first one full, for controllers.test.mjs."""

import base64
import json

from reactorkit.trace.events import header
from reactorkit.view.frames import Encoder
from reactorkit.view.windows import Windows

windows = Windows(header("echo_select", "select"))
encoder = Encoder(windows, {"name": "echo_select", "style": "select", "title": "select"})
messages = []
for turn in range(1, 4):
    windows.feed({"e": "wait", "t": turn * 1000, "turn": turn, "n": 1})
    messages.append(base64.b64encode(encoder.encode(turn * 1000)).decode())
print(json.dumps(messages))
