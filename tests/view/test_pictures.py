"""Every picture draws, at the size asked for, with labels, and never through pyplot."""

import io
import subprocess
import sys

import pytest
from PIL import Image

from reactorkit import view
from reactorkit.view import charts, diagrams, still, style

TIMES = ([1, 10, 100], [36, 53, 210])
PICTURES = {
    "bars": lambda: charts.bars(["a", "b"], [0, 97.5], ylabel="CPU (%)", names=["select", "poll"]),
    "bars_log": lambda: charts.bars(["a", "b"], [0, 84_976], ylabel="loops", log=True),
    "bars_none": lambda: charts.bars([], [], ylabel="nothing"),
    "grouped": lambda: charts.grouped_bars(
        ["10", "1000"], {"threads": [20, 85], "selectors": [16, 12]}, ylabel="CPU (µs)"
    ),
    "lines": lambda: charts.lines(
        {"busywait": TIMES, "asyncio": TIMES}, xlabel="clients", ylabel="µs", logx=True, logy=True
    ),
    "scatter": lambda: charts.scatter({"threads": TIMES}, xlabel="number", ylabel="µs"),
    "steps": lambda: charts.steps(
        {"blocking": TIMES}, xlabel="time (s)", ylabel="MB", limit=(300, "full")
    ),
    "truth_table": lambda: diagrams.truth_table(
        ["idle", "data"], ["R", "W"], [[False, None], [True, "n/a"]], title="Ready", corner="state"
    ),
    "timeline": lambda: diagrams.timeline(
        [("main", [(0, 1, "running"), (1, 2, "blocked in recv")])], title="Lanes"
    ),
    "gantt": lambda: diagrams.gantt({"threads": [(0, 1)], "busywait": [(0, 1), (0, 2)]}),
    "sequence": lambda: diagrams.sequence(
        ["client", "server"],
        [
            (0.1, "client", "server", "hello"),
            (None, "server", None, "waits"),
            (2, "server", "client", "✘ lost"),
        ],
        title="Dialogue",
    ),
    "buffers": lambda: diagrams.buffers(
        [("start", 0, 0), ("later", 900, 380)], capacity=(900, 380), title="Buffers"
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_draws_as_a_png_twice_as_sharp_as_shown(name):
    fig = PICTURES[name]()
    data = still.png(fig)
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    shown = fig.get_figwidth() * fig.dpi
    assert abs(picture.width - 2 * shown) <= 2
    assert len(data) < 200_000
    assert len(set(picture.convert("L").tobytes())) > 2  # not blank


@pytest.mark.parametrize("name", PICTURES)
def test_type_is_large_enough_for_a_projector(name):
    fig = PICTURES[name]()
    still.png(fig)
    texts = [text for text in fig.findobj(match=_is_text) if text.get_text() and text.get_visible()]
    # Points at 1/72 inch on a page of 100 pixels an inch: 8 is 15 pixels, the small print.
    assert all(text.get_fontsize() * style.ENLARGED * 100 / 72 >= 15 for text in texts)


def _is_text(artist):
    from matplotlib.text import Text

    return isinstance(artist, Text)


def test_pyplot_is_never_loaded():
    code = (
        "import sys; from reactorkit.view import still; "
        "still.png(still.bars(['a'], [1], ylabel='x', log=True)); "
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_axes_carry_their_labels_and_bars_their_values():
    ax = charts.bars(["one", "two"], [5, 84_976], ylabel="loops in 0.5 s", log=True).axes[0]
    assert ax.get_ylabel() == "loops in 0.5 s"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["one", "two"]
    written = {text.get_text() for text in ax.texts}
    assert {"5", "84,976", style.LOG_NOTE} <= written


def test_a_log_axis_is_explained_once_in_words():
    fig = PICTURES["lines"]()
    notes = [text.get_text() for text in fig.axes[0].texts]
    assert notes == [style.LOG_NOTE]


def test_no_two_servers_share_colour_marker_or_hatch():
    looks = list(style.COLOURS.values())
    for part in zip(*looks, strict=True):
        assert len(set(part)) == len(looks)


@pytest.mark.parametrize("name", style.COLOURS)
def test_a_rung_and_its_short_name_look_alike(name):
    assert style.look(f"echo_{name}") == style.look(name)


def test_strangers_take_turns():
    assert style.look("ann", 0) != style.look("bob", 1)
    assert style.look("ann", 8) == style.look("ann", 0)


def test_an_activity_looks_the_same_whatever_it_waits_for():
    assert style.activity("blocked in recv") == style.activity("blocked in accept")
    assert style.activity("running") != style.activity("blocked")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.25, "0.25"),
        (0.0004, "4e-04"),
        (5, "5"),
        (97.34, "97.3"),
        (250.6, "251"),
        (3000, "3,000"),
        (84_976, "84,976"),
        (2_900_000, "2.9 million"),
    ],
)
def test_numbers_as_people_write_them(value, text):
    assert style.number(value) == text


def test_labels_longer_than_the_axis_are_folded():
    label = "the share of the CPU that is used while every single client is silent (%)"
    ax = charts.bars(["a"], [1], ylabel=label, height=3).axes[0]
    assert "\n" in ax.get_ylabel()


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        charts.bars(["a", "b"], [1], ylabel="x")
    with pytest.raises(ValueError, match="shorter"):
        diagrams.truth_table(["a", "b"], ["R"], [[True]])


def test_every_name_of_the_room_loads_and_strangers_do_not():
    for name in view.__all__:
        assert callable(getattr(view, name)) or name == "COLOURS"
    assert set(view.__all__) <= set(dir(view))
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        _ = view.pie


def test_html_carries_picture_alternative_and_caption_escaped():
    html = still.html(PICTURES["bars"](), alt='Two "bars"', caption="a < b")
    assert 'alt="Two &quot;bars&quot;"' in html
    assert "a &lt; b" in html
    assert "max-width: 100%" in html
    assert "<svg" not in html


def test_text_stands_in_for_a_picture():
    assert still.text("Two bars.", "To see.") == "[Picture: Two bars.]\nTo see."
    assert still.text("", "") == ""


def test_figures_draw_on_any_thread():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: still.png(PICTURES["bars_log"]()), range(6)))
    assert len(set(made)) == 1
