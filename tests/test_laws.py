"""The laws of the kit, read from the imports: what may know what."""

import ast
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "reactorkit"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400

# Modules on the ground floor: small, standard library only, for everyone. `errors` holds the one
# exception that is shown to people as a sentence; a second one beside it would be worse.
GROUND = {"reactorkit", "reactorkit.errors"}
COURSE = GROUND | {"reactorkit.course"}
# Which rooms and modules of the kit each room may import. A room may always import itself.
# Taught files know the standard library, the pattern and the service: nothing that measures.
MAY_IMPORT = {
    "reactor": set(),
    "chat": set(),
    "trace": {"reactorkit.errors"},
    "servers": {"reactorkit.errors", "reactorkit.reactor", "reactorkit.chat"},
    "clients": {"reactorkit.reactor", "reactorkit.chat"},
    "launcher": GROUND | {"reactorkit.servers"},
    "probe": GROUND | {"reactorkit.trace", "reactorkit.launcher"},
    "lab": COURSE | {"reactorkit.servers", "reactorkit.trace", "reactorkit.view"},
    "view": COURSE | {"reactorkit.trace"},
    "errors": set(),
    "course": {"reactorkit.errors"},
}
ON_TOP = {"claims", "grading", "demo", "__init__", "__main__"}
STANDARD_LIBRARY_ONLY = {"reactor", "chat", "trace", "servers", "clients", "launcher", "errors"}
STANDARD_LIBRARY_ONLY |= {"course", "probe", "__init__", "__main__"}
# The kit's names would hide the standard library's from every file beside them.
FORBIDDEN_NAMES = {"select.py", "socket.py", "selectors.py"}


def dotted(path):
    """Return a file's name as a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    """Return the first name below the package: `reactorkit.lab.peer` lives in `lab`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def is_module(name):
    """Return whether a dotted name is a module of the kit rather than a name inside one."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


def imports(path):
    """Yield every module that a file imports, anywhere in it, and the line where it does."""
    base = dotted(path).split(".")
    package = base if path.name == "__init__.py" else base[:-1]
    for node in ast.walk(ast.parse(path.read_text(), path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield (
                    (inner if source.startswith("reactorkit") and is_module(inner) else source),
                    (node.lineno),
                )


def kit_imports(path):
    """Yield the imports of a file that stay within the kit."""
    return [(name, line) for name, line in imports(path) if name.split(".")[0] == "reactorkit"]


def outside_imports(path):
    """Yield the imports of a file that are neither the kit's nor the standard library's."""
    for name, line in imports(path):
        top = name.split(".")[0]
        if top not in sys.stdlib_module_names and top != "reactorkit":
            yield name, line


def covered(name, allowed):
    """Return whether an imported module is one of the allowed ones, or inside one of them."""
    return any(
        name == one or (one != "reactorkit" and name.startswith(one + ".")) for one in allowed
    )


def modules_in(rooms):
    return [path for path in MODULES if room_of(dotted(path)) in rooms]


def breaches(paths, imports_of, allowed):
    """Return a line for each import of these files that `allowed(room, name)` does not allow."""
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in paths
        for name, line in imports_of(path)
        if not allowed(room_of(dotted(path)), name)
    ]


def test_the_laws_know_every_room():
    rooms = {room_of(dotted(path)) for path in MODULES}
    assert rooms >= {"servers", "clients", "lab", "view", "claims", "launcher"}
    assert rooms <= {*MAY_IMPORT, *ON_TOP}


def test_each_room_imports_only_what_it_may():
    def allowed(room, name):
        return covered(name, MAY_IMPORT[room] | {f"reactorkit.{room}"})

    assert breaches(modules_in(MAY_IMPORT), kit_imports, allowed) == []


def test_taught_and_ground_rooms_need_the_standard_library_only():
    wild = PACKAGE / "servers" / "wild"
    paths = [path for path in modules_in(STANDARD_LIBRARY_ONLY) if wild not in path.parents]
    assert breaches(paths, outside_imports, lambda room, name: False) == []


def test_a_server_in_the_wild_needs_one_library_of_its_own():
    paths = (PACKAGE / "servers" / "wild").glob("*.py")
    found = {path.stem: {name.split(".")[0] for name, _ in outside_imports(path)} for path in paths}
    assert found == {
        "echo_node": set(),
        "echo_twisted": {"twisted", "zope"},
        "echo_uvloop": {"uvloop"},
    }


def test_nobody_imports_the_probe():
    def allowed(room, name):
        return room == "probe" or not covered(name, {"reactorkit.probe"})

    assert breaches(MODULES, kit_imports, allowed) == []


def test_nobody_imports_a_server():
    """Servers are started by name; only the table of the ladder may be read."""

    def allowed(room, name):
        return not name.startswith("reactorkit.servers.")

    assert breaches(MODULES, kit_imports, allowed) == []


def test_a_taught_server_stands_alone():
    """A rung imports no other rung and no table: the reader finds everything in one file."""
    rungs = [path for path in modules_in({"servers"}) if path.name != "__init__.py"]
    assert rungs

    def allowed(room, name):
        return not covered(name, {"reactorkit.servers", "reactorkit.errors"})

    assert breaches(rungs, kit_imports, allowed) == []


def test_no_module_hides_one_of_the_standard_library():
    assert not [path for path in MODULES if path.name in FORBIDDEN_NAMES]


def test_a_file_can_be_read_in_one_sitting():
    ours = [*MODULES, *ROOT.glob("*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("tests/**/*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in ours}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


TELLS_WHAT_IT_LOADED = '''\
"""A learner's file that tells what its process has loaded."""
import sys


def serve(listener):
    loaded = {name for name in sys.modules if name.split(".")[0] not in sys.stdlib_module_names}
    print("loaded", *sorted(loaded), flush=True)
    while True:
        listener.accept()
'''


def served_modules(target):
    """Serve a file, and return the modules outside the standard library that its process loaded."""
    command = [sys.executable, "-P", "-m", "reactorkit", "serve", str(target)]
    with subprocess.Popen(
        command, cwd=target.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as server:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if line.startswith("loaded"):
                break
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0
    assert lines, "it ended without a word"
    return set(lines[-1].removeprefix("loaded").split())


def loaded_by_every_python():
    """Return what an empty program loads here: .pth files may import something."""
    code = "import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    return set(done.stdout.split())


def test_a_served_child_loads_only_the_standard_library_and_its_own_rung(tmp_path):
    target = tmp_path / "my_server.py"
    target.write_text(TELLS_WHAT_IT_LOADED)
    kit = {"reactorkit", "reactorkit.launcher", "reactorkit.errors", "reactorkit.servers"}
    extra = served_modules(target) - loaded_by_every_python() - kit
    # __mp_main__ and the target's own name are whatever the launcher calls them.
    assert {name for name in extra if not re.fullmatch(r"__\w+__|my_server", name)} == set()


def test_the_public_names_of_the_kit_load_nothing_by_themselves():
    code = "import sys, reactorkit; print(*[m for m in sys.modules if m.startswith('reactorkit')])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["reactorkit"]
