"""Read the servers, compare them, and change a copy: a notebook never holds a server's code.

show("echo_select", "wait")               one piece of a server, by label or by function
show_diff("echo_busywait", "echo_select")  what a rung changes
mine = edit("echo_select")                 a copy to change; serve(mine) runs it
reset("echo_select")                       start over; the earlier copy is kept
"""

from __future__ import annotations

import ast
import difflib
import html
import importlib.util
import io
import os
import re
import textwrap
import tokenize
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from reactorkit import __version__
from reactorkit.errors import KitError, nearest
from reactorkit.lab import workspace
from reactorkit.servers import SERVERS

# Every server carries these as comments, in this order and spelled this way.
LABELS = ("create listener", "register", "wait", "accept", "read", "buffer", "write", "close")
_LABEL = re.compile(rf"#\s*({'|'.join(LABELS)})(?::|$)")
_HEADER = "# Your copy of "

_PRE = (
    "margin:0;padding:8px 12px;background:#f8f8f8;color:#000;border:1px solid #ddd;"
    "overflow-x:auto;line-height:1.4"
)
_NUMBER = "color:#666;user-select:none"
# Signs say the same as the colours, and do not depend on them.
_ROWS = {"+": "background:#dbeafe", "-": "background:#fde8d4", " ": "", "@": "color:#666"}


@dataclass(frozen=True)
class Source:
    """A piece of source text that draws itself: coloured in a notebook, plain elsewhere.

    title: what it is. text: the lines, as they are in the file. first: the number of the first.
    """

    title: str
    text: str
    first: int = 1

    def __repr__(self) -> str:
        lines = enumerate(self.text.splitlines(), self.first)
        return "\n".join([self.title, "", *(f"{n:4}  {line}".rstrip() for n, line in lines)])

    def _repr_html_(self) -> str:
        rows = "\n".join(
            f'<span style="{_NUMBER}">{n:4}  </span>{line}'
            for n, line in enumerate(_coloured(self.text.splitlines()), self.first)
        )
        return _page(self.title, rows)


@dataclass(frozen=True)
class Difference:
    """What changes from one source to another; `lines` are those of a unified diff."""

    title: str
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join([self.title, "", *self.lines]).rstrip()

    def _repr_html_(self) -> str:
        coloured = _coloured([line[1:] for line in self.lines])
        rows = []
        for line, code in zip(self.lines, coloured, strict=True):
            shown = html.escape(line) if line[0] == "@" else f"{line[0]} {code}"
            rows.append(f'<span style="display:block;{_ROWS[line[0]]}">{shown or " "}</span>')
        return _page(self.title, "".join(rows))


class LearnerFile(os.PathLike[str]):
    """A file of the learner's own, made by `edit` or `reset`; wherever a path goes, it goes too.

    path: where it is. origin: the server it was copied from. note: what has just happened.
    """

    def __init__(self, path: Path, origin: str, note: str) -> None:
        self.path, self.origin, self.note = path, origin, note

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LearnerFile) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"{_shown(self.path)}: {self.note}"

    def _repr_html_(self) -> str:
        # JupyterLab opens a link that is relative to the notebook, and a kernel's working folder
        # is its notebook's.
        link = html.escape(urllib.parse.quote(os.path.relpath(self.path)))
        return f'<a href="{link}">{html.escape(_shown(self.path))}</a>: {html.escape(self.note)}'


def show(target: str | os.PathLike[str], part: str | None = None) -> Source:
    """Return the source of a server, or one piece of it, ready to be displayed.

    Arguments:
        target: a rung's name, a path, or what `edit` returned.
        part: a label ("wait", "accept", ...) or the name of a function; None: all of it.

    Raises KitError with the nearest names when there is no such server or part.
    """
    path = resolve(target)
    text = path.read_text(encoding="utf-8")
    if part is None:
        return Source(_shown(path), text)
    first, last = _find(text, part, path.name)
    piece = "\n".join(text.splitlines()[first - 1 : last]).rstrip()
    return Source(f"{_shown(path)}, {part}", textwrap.dedent(piece), first)


def show_diff(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> Difference:
    """Return what changes from `a` to `b` (see `show`), without the texts at the head of the files.

    Every line carries a sign: + is only in `b`, - is only in `a`. Raises KitError when one of
    them does not exist.
    """
    before, after = resolve(a), resolve(b)
    (_, old), (start, new) = _body(before), _body(after)
    lines = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(2):
        lines.append(f"@@ {after.stem}, line {start + group[0][3]} @@")
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                lines += [f" {line}" for line in old[i1:i2]]
            else:
                lines += [f"-{line}" for line in old[i1:i2]] + [f"+{line}" for line in new[j1:j2]]
    gone, come = (sum(line[0] == sign for line in lines) for sign in "-+")
    title = f"{_shown(before)} → {_shown(after)}: " + (
        f"{come} come, {gone} go, {len(new) - come} lines stay." if lines else "no difference."
    )
    return Difference(title, tuple(lines))


def edit(name: str | os.PathLike[str]) -> LearnerFile:
    """Return the learner's copy of a server, `work/my_NAME.py`; made now unless it is there.

    Raises KitError when there is no such server.
    """
    if isinstance(name, LearnerFile):
        return name
    source = resolve(name)
    mine = workspace.work() / f"my_{source.stem}.py"
    if mine.exists():
        return LearnerFile(mine, source.stem, f"your copy of {source.stem}, as you left it.")
    _write_copy(source, mine)
    return LearnerFile(
        mine, source.stem, f"your copy of {source.stem}. Change it, save it, run it."
    )


def reset(name: str | os.PathLike[str]) -> LearnerFile:
    """Start over with a fresh copy of a server; the earlier one is kept under the next number.

    Raises KitError when there is no such server.
    """
    source = resolve(name.origin if isinstance(name, LearnerFile) else name)
    mine = workspace.work() / f"my_{source.stem}.py"
    note = f"a fresh copy of {source.stem}."
    if mine.exists() and mine.read_text(encoding="utf-8") != _copy_of(source):
        number = 1
        while (kept := mine.with_name(f"{mine.stem}.{number}.py")).exists():
            number += 1
        mine.rename(kept)
        note += f" Your earlier one is now {_shown(kept)}."
    _write_copy(source, mine)
    return LearnerFile(mine, source.stem, note)


def resolve(target: str | os.PathLike[str]) -> Path:
    """Return the file of a rung's name, a client's name, a module of the kit, or a path.

    Raises KitError with the nearest names when there is none.
    """
    word = os.fspath(target)
    known = {rung.name: rung.path for rung in SERVERS}
    clients = Path(__file__).parents[1] / "clients"
    known |= {path.stem: path for path in sorted(clients.glob("*_client.py"))}
    if word in known:
        return known[word]
    if word.startswith("reactorkit.") and (spec := importlib.util.find_spec(word)) and spec.origin:
        return Path(spec.origin)
    if word.endswith(".py") or os.sep in word:
        # A notebook runs in its own folder, while `edit` shows paths from the course's.
        for path in (workspace.root() / word, Path(word).absolute()):
            if path.is_file():
                return path
        siblings = path.parent.iterdir() if path.parent.is_dir() else []
        raise KitError(
            f"There is no file {word}.{nearest(path.name, [file.name for file in siblings])}"
        )
    mine = {path.stem: path for path in sorted(workspace.work().glob("*.py"))}
    if word in mine:
        return mine[word]
    hint = nearest(word, [*known, *mine]) or f" There are: {', '.join(known)}."
    raise KitError(f"There is no server called {word!r}.{hint}")


# ------------------------------------------------------------ pieces of a file


def _find(text: str, part: str, name: str) -> tuple[int, int]:
    """Return the first and last line of a function, or of what stands under a label."""
    functions, labels = _functions(text, name), _labels(text)
    named = [(begin, end) for word, begin, end in functions if word == part]
    first = labels.get(part)
    if first is None:
        if named:
            return named[0]
        known = dict.fromkeys([*labels, *(word for word, _, _ in functions)])
        hint = nearest(part, known) or f" It has: {', '.join(known)}."
        raise KitError(f"{name} has no part {part!r}.{hint}")
    for begin, end in named:
        if begin <= first <= end:
            return begin, end
    # What stands under a label ends with its function, or where the next label begins.
    ends = [end for _, begin, end in functions if begin <= first <= end]
    last = min(ends, default=len(text.splitlines()))
    return first, min((line - 1 for line in labels.values() if first < line <= last), default=last)


def _functions(text: str, name: str) -> list[tuple[str, int, int]]:
    """Return name, first and last line of every function and class."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    try:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    except SyntaxError as error:
        raise KitError(
            f"{name} cannot be taken apart: line {error.lineno} is not Python ({error.msg})."
        ) from error
    return [(node.name, node.lineno, node.end_lineno or node.lineno) for node in nodes]


def _labels(text: str) -> dict[str, int]:
    """Return the line of every label."""
    found: dict[str, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (match := _LABEL.match(token.string)):
            found.setdefault(match[1], token.start[0])
    return found


def _body(path: Path) -> tuple[int, list[str]]:
    """Return the lines below the docstring of the module, and the number of the first of them."""
    text = path.read_text(encoding="utf-8")
    head = 1 if text.startswith(_HEADER) else 0
    try:
        tree = ast.parse(text)
    except SyntaxError:
        tree = ast.Module([], [])  # half-way through a change: then all of it is compared
    if ast.get_docstring(tree, clean=False) is not None:
        head = tree.body[0].end_lineno or head
    lines = text.splitlines()
    while head < len(lines) and not lines[head].strip():
        head += 1
    return head + 1, lines[head:]


# ------------------------------------------------------------------- the copy


def _copy_of(source: Path) -> str:
    header = (
        f'{_HEADER}{source.stem} (reactorkit {__version__}). `reset("{source.stem}")` starts over.'
    )
    return f"{header}\n{source.read_text(encoding='utf-8')}"


def _write_copy(source: Path, mine: Path) -> None:
    mine.write_text(_copy_of(source), encoding="utf-8")


def _shown(path: Path) -> str:
    """Return how a path is shown: servers by name, files of the course from its root."""
    if path in {rung.path for rung in SERVERS}:
        return path.stem
    try:
        return str(path.relative_to(workspace.root()))
    except ValueError:
        return path.name


# ------------------------------------------------------------------- pictures


def _coloured(lines: list[str]) -> list[str]:
    """Return each line as HTML, coloured by Pygments; its default style keeps WCAG contrast."""
    from pygments import highlight  # type: ignore[import-untyped]  # ships no types
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    lexer = PythonLexer(stripnl=False, ensurenl=True)
    formatter = HtmlFormatter(noclasses=True, nowrap=True, style="default")
    coloured: str = highlight("\n".join(lines), lexer, formatter)
    return coloured.split("\n")[: len(lines)]


def _page(title: str, rows: str) -> str:
    heading = f'<div style="font-weight:600;margin:4px 0">{html.escape(title)}</div>'
    label = html.escape(title, quote=True)
    return f'{heading}<pre role="region" aria-label="{label}" style="{_PRE}">{rows}</pre>'
