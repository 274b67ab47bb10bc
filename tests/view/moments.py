"""Messages made along a trace, and Node's answer whether they say what look.js says."""

import base64
import json
import subprocess
from pathlib import Path

from javascript import node

from reactorkit.view.frames import Encoder
from reactorkit.view.windows import Windows

SERVER = Path(__file__).parent.parent / "view_js" / "frame_server.mjs"
ABOUT = {
    "name": "echo_some",
    "style": "select",
    "title": "some",
    "colour": "#009e73",
    "marker": "s",
}


def story(header, events, every=1, steps=(0, 40_000_000, 700_000_000), picked="4#0", anew=()):
    """Return a trace and the messages that Python makes after each `every` events.

    steps: how long after its last event each message is made, in turns, in nanoseconds.
    anew: before which of the messages somebody comes who knows nothing.
    """
    windows = Windows(header)
    about = {**ABOUT, "style": header.get("style", "")}
    encoder, moments = Encoder(windows, about, ["Watching costs time."]), []
    for count, event in enumerate(events, 1):
        windows.feed(event)
        if count % every and count < len(events):
            continue
        following = events[count]["t"] if count < len(events) else None
        now = windows.state["t"] + steps[len(moments) % len(steps)]
        if following is not None:
            now = max(min(now, following), windows.state["t"])
        if len(moments) in anew:
            encoder.begin_anew()
        message = encoder.encode(now, picked=picked)
        moments.append(
            {
                "after": count,
                "now": now,
                "picked": picked,
                "message": base64.b64encode(message).decode(),
            }
        )
    more = {**ABOUT, "notes": ["Watching costs time."]}
    return {"header": header, "events": events, "moments": moments, "more": more}


def differences(stories):
    """Return what Node finds: a sentence for each story that is told in two ways."""
    lines = "".join(json.dumps(one) + "\n" for one in stories)
    done = subprocess.run(
        [node(), str(SERVER)], input=lines, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(stories)
    assert all(one["moments"] for one in answers)
    return [one["answer"] for one in answers if one["answer"]]
