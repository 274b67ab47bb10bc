"""The one file that the modules are joined into."""

import re
import subprocess

import pytest
from javascript import node

from reactorkit.errors import KitError
from reactorkit.view import bundle

MODULES = sorted(bundle.FOLDER.glob("*.js"))
ENTRIES = [
    ("widget.js", "export default { initialize, render };"),
    ("page.js", "showPage(document);"),
]


def test_every_module_has_names_of_its_own():
    owners = {}
    for path in MODULES:
        for name in bundle.top_names(path.read_text()):
            owners.setdefault(name, []).append(path.name)
    assert {name: where for name, where in owners.items() if len(where) > 1} == {}


def test_every_module_is_part_of_the_widget_or_the_page():
    known = {path.name: path.read_text() for path in MODULES}
    reached = {name for entry, _ in ENTRIES for name in bundle._in_order(entry, known)}
    assert reached == set(known)


@pytest.mark.parametrize(("entry", "last"), ENTRIES)
def test_the_joined_file_is_one_good_module_without_imports(entry, last, tmp_path):
    text = bundle.script(entry, last)
    assert not re.search(r"^\s*import\b(?!\()", text, re.MULTILINE)
    assert len(re.findall(r"^\s*export\b", text, re.MULTILINE)) == last.startswith("export")
    path = tmp_path / "joined.mjs"
    path.write_text(text)
    checked = subprocess.run([node(), "--check", str(path)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_nothing_is_fetched_from_anywhere():
    for text in (bundle.script(), bundle.script(*ENTRIES[1]), bundle.style()):
        links = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*", text)
        assert [link for link in links if "www.w3.org" not in link] == []
        assert not re.search(r"@import|\bfetch\(|XMLHttpRequest|url\((?!['\"]?data:)", text)


def test_no_html_is_made_of_data():
    for path in MODULES:
        assert not re.search(r"\.(inner|outer)HTML\s*=|insertAdjacentHTML", path.read_text())


def test_it_is_made_once():
    assert bundle.script() is bundle.script()


def test_modules_come_after_those_they_need_and_comments_go():
    sources = {
        "a.js": 'import { b } from "./b.js";\nimport {\n  c,\n  d,\n} from "./c.js";\n'
        "// words\n/**\n * more words\n */\nexport const a = b + c;\n",
        "b.js": 'import { c } from "./c.js";\nexport function b() {\n  // inside\n  return c;\n}\n',
        "c.js": "export const c = 'a // b';\nexport class d {}\nexport async function e() {}\n",
    }
    assert " ".join(bundle.joined("a.js", sources).split()) == (
        "const c = 'a // b'; class d {} async function e() {} function b() { return c; } "
        "const a = b + c;"
    )


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"a.js": 'import { b } from "./b.js";\n'}, "no module b.js, which a.js asks for"),
        (
            {
                "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
                "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
            },
            "a.js -> b.js -> a.js",
        ),
        (
            {
                "a.js": 'import { b } from "./b.js";\nconst x = 1;\n',
                "b.js": "export const c = 1;\n",
            },
            "b.js does not export b",
        ),
        (
            {
                "a.js": 'import { b } from "./b.js";\nconst x = 1;\n',
                "b.js": "const x = 2;\nexport const b = 1;\n",
            },
            "Both b.js and a.js have a top-level `x`",
        ),
        (
            {"a.js": 'import { b as c } from "./b.js";\n', "b.js": "export const b = 1;\n"},
            "must stay what it is",
        ),
        ({"a.js": 'import b from "./b.js";\n'}, "is not of the form"),
        ({"a.js": 'import * as b from "./b.js";\n'}, "is not of the form"),
        ({"a.js": 'import "./b.js";\n'}, "is not of the form"),
        ({"a.js": 'import { b } from "lit";\n'}, "is not of the form"),
        ({"a.js": "export default 5;\n"}, "is not export function"),
        ({"a.js": "const b = 1;\nexport { b };\n"}, "is not export function"),
        ({"a.js": "export let b = 1;\n"}, "is not export function"),
        ({}, "no module a.js"),
    ],
)
def test_what_cannot_be_joined_is_said(sources, words):
    with pytest.raises(KitError, match=re.escape(words)):
        bundle.joined("a.js", sources)
