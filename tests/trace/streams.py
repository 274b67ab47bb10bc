"""Random traces for Hypothesis: any events in any order, some of them plausible."""

from hypothesis import strategies as st

numbers = st.integers(0, 5)
amounts = st.one_of(st.integers(0, 100), st.integers(0, 2**40))
words = st.sampled_from(["", "read", "write", "main", "toString", "__proto__", "Grüße\ud800"])
ops = st.sampled_from(
    ["accept", "recv", "send", "sendall", "recv_into", "connect", "constructor", "read"]
)
errors = st.sampled_from(["EAGAIN", "EWOULDBLOCK", "ECONNRESET", "EBADF"])
places = st.sampled_from(["turn", "handler", "call", "kernel"])


def lists_of(*parts):
    return st.lists(st.tuples(*parts).map(list), max_size=4)


FIELDS = {
    "role": st.sampled_from(["listener", "client", "wakeup", "other"]),
    "via": st.tuples(numbers, numbers).map(list),
    "timeout": st.one_of(numbers, st.floats(0, 60)),
    "ready": lists_of(numbers, numbers, numbers),
    "op": ops,
    "err": errors,
    "on": st.booleans(),
    "every": st.booleans(),
    "kernel": lists_of(numbers, numbers, amounts, amounts),
    "handles": lists_of(numbers, numbers, amounts, amounts, amounts, amounts, amounts),
    "spent": st.dictionaries(
        st.sampled_from(["waiting", "between", "handling", "asking", "constructor"]), amounts
    ),
    "threads": lists_of(numbers, ops, numbers, numbers, amounts),
    "what": st.sampled_from(["pause", "run", "step", "until", "sing"]),
    "until": st.just({"owed": [">", 5]}),
    "at": places,
    "want": amounts,
    "got": amounts,
    "owed": amounts,
    "ns": amounts,
    **dict.fromkeys(["fd", "gen", "mask", "turn", "n", "th", "code"], numbers),
    **dict.fromkeys(["found", "accepted", "errors"], amounts),
    **dict.fromkeys(["peer", "cb", "name", "by", "text", "stream", "key", "why"], words),
}


@st.composite
def events(draw, kinds, fields):
    """One event without a time."""
    kind = draw(st.sampled_from([kind for kind in kinds if kind != "key"] + ["unheard_of"]))
    event = {"e": kind}
    for name in kinds.get(kind, {}):
        plain = name.strip("[]")
        if name == plain or draw(st.booleans()):
            event[plain] = draw(fields[plain])
    if kind in ("begin", "end", "held") and ("fd" in event) != ("gen" in event):
        event.pop("fd", None)
        event.pop("gen", None)
    return event


def traces(kinds, **more):
    """Lists of events; time goes on, now and then by a jump."""
    fields = {**FIELDS, **more}
    steps = st.sampled_from([0, 1, 10, 1000, 400_000_000])

    def timed(pairs):
        t, told = 0, []
        for step, event in pairs:
            t += step
            told.append({"e": event["e"], "t": t, **event})
        return told

    return st.lists(st.tuples(steps, events(kinds, fields)), max_size=40).map(timed)
