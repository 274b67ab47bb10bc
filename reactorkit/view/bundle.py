"""Joins the board's JavaScript modules into the one file that a widget, or a page, consists of.

The modules in js/ are plain ES modules and run as they are in Node and in a browser. To be joined
they keep to a few forms: `import { a, b } from "./x.js";` and `export function|const|class`, each
at the beginning of a line; no default export, no other name for what is imported, no cycles, and
no top-level name twice among all of them. Then joining is leaving out the imports and the word
export. Comments that fill lines of their own are left out, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from reactorkit.errors import KitError

FOLDER = Path(__file__).resolve().parent / "js"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_ANY_IMPORT = re.compile(r"^\s*import\b(?!\()", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function\b|const\b|class\b)", re.MULTILINE)
_ANY_EXPORT = re.compile(r"^\s*export\b", re.MULTILINE)
_TOP = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|var|class) ([\w$]+)", re.M)
_EXPORTED = re.compile(r"^export (?:async )?(?:function\*?|const|class) ([\w$]+)", re.MULTILINE)
_COMMENT = re.compile(
    r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL
)


def joined(entry: str, sources: Mapping[str, str] | None = None) -> str:
    """Return a module and all it needs as one text without imports and exports.

    Arguments:
        entry: the name of the module that needs the others, such as "widget.js".
        sources: name to text; None: the files of the kit.

    Raises KitError, which names the module and what it does not keep to.
    """
    known = sources if sources is not None else _Files()
    order = _in_order(entry, known)
    texts = {name: known[name] for name in order}
    _check_names(texts)
    return "\n".join(_bare(name, texts) for name in order)


@cache
def script(entry: str = "widget.js", last: str = "export default { initialize, render };") -> str:
    """Return the joined file of the kit, with its last line; made once."""
    return f"{joined(entry)}\n{last}\n"


@cache
def style() -> str:
    """Return the board's CSS: the files in the order of their names."""
    return "\n".join(path.read_text("utf-8") for path in sorted(FOLDER.glob("*.css")))


class _Files(Mapping[str, str]):
    """The modules in the folder, read when they are asked for."""

    def __getitem__(self, name: str) -> str:
        path = FOLDER / name
        if not path.is_file():
            raise KeyError(name)
        return path.read_text("utf-8")

    def __iter__(self) -> Iterable[str]:  # type: ignore[override]
        return iter(sorted(path.name for path in FOLDER.glob("*.js")))

    def __len__(self) -> int:
        return len(list(FOLDER.glob("*.js")))


def top_names(text: str) -> list[str]:
    """Return the names that a module has at its top level."""
    return _TOP.findall(text)


def needs(name: str, text: str) -> dict[str, list[str]]:
    """Return which names a module imports, by module; KitError for another form of import."""
    found: dict[str, list[str]] = {}
    for names, source in _IMPORT.findall(text):
        listed = [one.strip() for one in names.split(",") if one.strip()]
        odd = [one for one in listed if not re.fullmatch(r"[\w$]+", one)]
        if odd:
            raise KitError(f"{name} imports `{odd[0]}`: a name must stay what it is.")
        found.setdefault(source, []).extend(listed)
    rest = _IMPORT.sub("", text)
    if other := _ANY_IMPORT.search(rest):
        line = rest[other.start() :].strip().splitlines()[0]
        raise KitError(f'{name}: `{line}` is not of the form import {{ a }} from "./x.js";')
    return found


def _in_order(entry: str, known: Mapping[str, str]) -> list[str]:
    """Return the modules so that each comes after those it needs."""
    order: list[str] = []
    path: list[str] = []

    def visit(name: str, asker: str) -> None:
        if name in order:
            return
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise KitError(f"The modules import each other in a circle: {circle}.")
        if name not in known:
            raise KitError(f"There is no module {name}, which {asker} asks for.")
        path.append(name)
        for source, names in needs(name, known[name]).items():
            visit(source, name)
            missing = set(names) - set(_EXPORTED.findall(known[source]))
            if missing:
                raise KitError(f"{source} does not export {min(missing)}, which {name} imports.")
        path.pop()
        order.append(name)

    visit(entry, "the board")
    return order


def _check_names(texts: Mapping[str, str]) -> None:
    """KitError when two modules have the same name at their top level."""
    owner: dict[str, str] = {}
    for module, text in texts.items():
        for name in top_names(text):
            if owner.setdefault(name, module) != module:
                raise KitError(f"Both {owner[name]} and {module} have a top-level `{name}`.")


def _bare(name: str, texts: Mapping[str, str]) -> str:
    """Return a module without imports, exports and comments."""
    text = _EXPORT.sub("", _IMPORT.sub("", texts[name]))
    if other := _ANY_EXPORT.search(text):
        line = text[other.start() :].strip().splitlines()[0]
        raise KitError(f"{name}: `{line}` is not export function, const or class.")
    return _COMMENT.sub("", text).strip() + "\n"
