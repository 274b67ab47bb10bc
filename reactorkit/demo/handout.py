"""The handout: every scene as a page that replays its recording, with no kernel and no network.

Each page has the question and, folded, the answer; an index leads to them. Opened from disk they
work in any browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reactorkit.demo import recordings
from reactorkit.demo.scene import Scene, scenes
from reactorkit.errors import KitError
from reactorkit.view.cards import escape
from reactorkit.view.export import to_html

TITLE = "Scenes of the reactor course"
BEFORE = (
    "Each scene asks a question. Decide on an answer before you open the recording: real servers "
    "and real clients, as they ran. Space stops and plays, the arrow keys step."
)
STYLE = """
body { font: 18px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em;
  color: #111111; background: #ffffff; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin: 2em 0 0.3em; }
ol.answers { list-style: lower-alpha; } summary { cursor: pointer; color: #0061a0; }
a { color: #0061a0; } .look { color: #444444; }
@media (prefers-color-scheme: dark) {
  body { color: #eeeeee; background: #16181b; } a, summary { color: #7cc4f0; }
  .look { color: #bbbbbb; } }
"""


def write(folder: Path, names: Iterable[str]) -> Path:
    """Write the handout of these scenes into a folder, made if it is missing; returns the index.

    Raises KitError when the folder cannot be written.
    """
    chosen = [scenes()[name] for name in names]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for scene in chosen:
            _write_scene(scene, folder)
        index = folder / "index.html"
        index.write_text(_page(TITLE, _index(chosen)), "utf-8")
    except OSError as error:
        raise KitError(f"The handout cannot be written to {folder}: {error.strerror}.") from error
    return index


def _write_scene(scene: Scene, folder: Path) -> None:
    to_html(
        recordings.opened(scene),
        folder / f"{scene.name}.html",
        names=scene.names(),
        title=scene.title,
        detail="simple",
        keys="page",
        play=True,
        log=scene.log,
    )


def _index(chosen: list[Scene]) -> str:
    listed = (_scene(number, scene) for number, scene in enumerate(chosen, 1))
    return "\n".join([f"<h1>{TITLE}</h1>", f"<p>{BEFORE}</p>", *listed])


def _scene(number: int, scene: Scene) -> str:
    answers = "".join(f"<li>{escape(option.text)}</li>" for option in scene.options)
    steps = "".join(
        f"<li>{escape(step.label)}. <span class='look'>{escape(step.look)}</span></li>"
        for step in scene.steps
    )
    right = scene.right
    return (
        f"<h2>{number}. {escape(scene.title)}</h2><p>{escape(scene.question)}</p>"
        f'<ol class="answers">{answers}</ol>'
        f'<p><a href="{scene.name}.html">Open the recording</a>. '
        f"<span class='look'>Look at {escape(scene.look)}.</span></p><ol>{steps}</ol>"
        f"<details><summary>The answer</summary><p><b>{right.key}) {escape(right.text)}.</b> "
        f"{escape(scene.answer)}</p></details>"
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
