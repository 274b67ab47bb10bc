"""A portrait shows what a server holds and how busy it is."""

from reactorkit import crowd, serve
from reactorkit.lab.portrait import portrait


def test_a_portrait_has_samples_a_picture_and_a_sentence():
    with serve("echo_threads") as server, crowd(server, 5, "chatty", every=0.1):
        shown = portrait(server, 0.5)
    assert len(shown.samples) >= 3
    assert shown.samples[-1].threads == 6
    assert "6 threads" in repr(shown)
    assert len(shown.plot().axes) == 2
    assert "data:image/png" in shown._repr_html_()
