"""WIRE: what happened in a server, as events that anybody can read, fold, store and replay.

events.py     the vocabulary: every kind of event and its fields, schema version 1
shape.py      the state that events add up to: plain JSON      changes.py  how each one changes it
state.py      apply(state, event): the pure fold that every picture is drawn from
channel.py    the traced process's end of a live trace         sums.py     many events as one
recording.py  a stream of events in a file: write, read, seek  lines.py    files that are damaged
perfetto.py   the same as Chrome trace events, for https://ui.perfetto.dev

The JavaScript twin of the fold is reactorkit/view/js/state.js; both pass the same golden traces.
"""
