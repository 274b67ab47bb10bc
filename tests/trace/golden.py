"""Golden traces: small ones, with what each of their lines changes in the state.

`NAME.jsonl` is a recording; `NAME.json` lists for each of its events the paths in the state that
it changes, with their new values; "gone" stands for a path that is no more. To take over a change
of the fold: `python tests/trace/golden.py`, and then read the difference line by line.
"""

from __future__ import annotations

import json
from pathlib import Path

from reactorkit.trace.state import apply, initial

FOLDER = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
GONE = "gone"


def lines(name):
    """Return the header and the events of a golden trace."""
    first, *rest = (FOLDER / f"{name}.jsonl").read_text().splitlines()
    return json.loads(first), [json.loads(line) for line in rest]


def changes(before, after, path=""):
    """Return what is different between two states, by path."""
    found = {}
    for name in [*before, *(name for name in after if name not in before)]:
        where = f"{path}.{name}" if path else name
        if name not in after:
            found[where] = GONE
        elif name not in before:
            found[where] = after[name]
        elif branches(before[name]) and branches(after[name]):
            found |= changes(as_dict(before[name]), as_dict(after[name]), where)
        elif before[name] != after[name]:
            found[where] = after[name]
    return found


def copied(state):
    return json.loads(json.dumps(state))


def branches(value):
    return isinstance(value, dict | list)


def as_dict(value):
    """Return a list as a dict of its places."""
    return value if isinstance(value, dict) else {str(i): one for i, one in enumerate(value)}


def steps(name):
    """Return what each event of a golden trace changes."""
    header, events = lines(name)
    state, told = initial(header), []
    for event in events:
        before, after = copied(state), copied(apply(state, event))
        told.append({"e": event["e"], "changes": changes(before, after)})
    return told


def expected(name):
    """Return what each event is to change."""
    return json.loads((FOLDER / f"{name}.json").read_text())


if __name__ == "__main__":
    for name in NAMES:
        text = ",\n".join(json.dumps(step) for step in steps(name))
        (FOLDER / f"{name}.json").write_text(f"[\n{text}\n]\n")
