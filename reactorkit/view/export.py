"""Recordings as one page that replays them: no kernel, no server, no network.

The page holds the board's JavaScript and CSS and the recordings themselves, packed. It works when
it is opened from disk.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError
from reactorkit.trace.events import encode
from reactorkit.trace.recording import Recording
from reactorkit.view import bundle
from reactorkit.view.source import Source, introduce

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
{style}
html, body {{ margin: 0; min-height: 100%; background: var(--rk-page, Canvas); color: CanvasText; }}
body {{ padding: 12px; box-sizing: border-box; }}
</style>
</head>
<body>
<div id="board"><p>{text}</p></div>
<noscript><p>This page needs JavaScript to replay what was recorded.</p></noscript>
<script id="recordings" type="application/json">{data}</script>
<script type="module">
{script}
</script>
</body>
</html>
"""


def to_html(
    recordings: Recording | Sequence[Recording],
    path: str | Path,
    *,
    names: Sequence[str] = (),
    title: str = "",
    **options: Any,
) -> Path:
    """Write recordings as a page that replays them side by side; returns its path.

    Arguments:
        names: what to call the servers; as in the recordings if there are none.
        title: of the page.
        options: of the board: detail, height, projector, keys, play.
    """
    several = [recordings] if isinstance(recordings, Recording) else list(recordings)
    if not several:
        raise KitError("There is no recording to write.")
    target = Path(path)
    try:
        target.write_text(page(several, names=names, title=title, **options), "utf-8")
    except OSError as error:
        raise KitError(f"{target} cannot be written: {error.strerror}.") from error
    return target


def page(
    recordings: Sequence[Recording],
    *,
    names: Sequence[str] = (),
    title: str = "",
    play: bool = False,
    **options: Any,
) -> str:
    """Return the page's text."""
    known = [str(one.header.get("server", "server")) for one in recordings]
    sources = [Source(one, name) for one, name in zip(recordings, names or known, strict=True)]
    introduce(sources)
    told = [
        {"about": _about(source, one), "packed": packed(one)}
        for source, one in zip(sources, recordings, strict=True)
    ]
    heading = title or ", ".join(str(source.about["title"]) for source in sources)
    data = {"recordings": told, "options": {"detail": "full", **options}, "replay": {"play": play}}
    return _PAGE.format(
        title=html.escape(f"{heading}: a recording"),
        text=html.escape("The recording is being unpacked."),
        style=bundle.style().replace("</", "<\\/"),
        data=harmless(json.dumps(data)),
        script=bundle.script("page.js", "showPage(document);").replace("</script", "<\\/script"),
    )


def _about(source: Source, recording: Recording) -> dict[str, str]:
    return source.about | ({"warning": recording.warning} if recording.warning else {})


def lines_of(recording: Recording) -> str:
    """Return the lines of a recording, without keyframes that are only there for seeking."""
    return "".join([encode(recording.header), *map(encode, recording.events)])


def packed(recording: Recording) -> str:
    """Return a recording as text: gzip, in base64. The same recording, the same text."""
    return base64.b64encode(gzip.compress(lines_of(recording).encode(), 9, mtime=0)).decode()


def harmless(text: str) -> str:
    """Return JSON that means the same and cannot end the script element that it stands in.

    U+2028 and U+2029 end a line in older JavaScript.
    """
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
