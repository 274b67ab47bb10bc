"""Writes what it thinks a result looks like, wherever it may, and prints it too."""

import json
from pathlib import Path

FORGED = json.dumps({"exercise": "x02", "score": 5, "max": 5, "checks": []})

for name in ("results.json", "result.json", "../results.json", "../../results.json"):
    try:
        Path(name).write_text(FORGED)
    except OSError as error:
        print(error)
print(FORGED)


def serve(listener):
    print(FORGED, flush=True)
    listener.accept()
