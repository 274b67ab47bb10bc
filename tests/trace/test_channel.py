"""The child's end of a live trace: nothing holds the server up, and no loss goes unsaid."""

import os
import socket
import threading

import pytest
from watching import Clock, Reader, as_json, kinds

from reactorkit.trace import channel as channel_module
from reactorkit.trace.channel import BURST, MOST_ROWS, PACE, Channel
from reactorkit.trace.events import SCHEMA, header


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ends(clock):
    ours, theirs = socket.socketpair()
    channel = Channel(theirs.detach(), header("echo_test", "selectors"), clock=clock)
    yield channel, Reader(ours)
    channel.detach()
    ours.close()


def open_handles(channel, count):
    for fd in range(count):
        channel.emit("open", fd=fd, gen=0, role="client", peer=None)


def test_the_header_is_there_before_anything_happens(ends):
    _, reader = ends
    assert reader.read() == []
    assert reader.header["schema"] == SCHEMA
    assert reader.header["server"] == "echo_test"


def test_rows_and_events_become_lines_with_times_since_the_header(ends, clock):
    channel, reader = ends
    channel.emit("open", fd=7, gen=0, role="client", peer="127.0.0.1:5")
    clock.after(50)
    channel.push(("io", clock(), "recv", 7, 0, 65536, 5))
    channel.push(("wait", clock(), 1, 3, None))
    channel.flush()
    assert reader.read() == [
        {"e": "open", "t": 0, "fd": 7, "gen": 0, "role": "client", "peer": "127.0.0.1:5"},
        {"e": "io", "t": 50, "op": "recv", "fd": 7, "gen": 0, "want": 65536, "got": 5},
        {"e": "wait", "t": 50, "turn": 1, "n": 3},
    ]


def test_a_tick_flushes_when_it_is_time_or_when_much_has_come_together(ends, clock):
    channel, reader = ends
    channel.push(("turn", clock(), 1))
    channel.tick(clock.after(PACE - 1))
    assert reader.read() == []
    assert channel.patience(clock()) == pytest.approx(1e-9)
    channel.tick(clock.after(1))
    assert kinds(reader.read()) == ["turn"]
    assert channel.patience(clock()) is None
    for turn in range(MOST_ROWS):
        channel.push(("turn", clock(), turn))
    channel.tick(clock())
    assert len(reader.read()) == MOST_ROWS


def test_times_never_go_back_although_threads_append_late(ends, clock):
    channel, reader = ends
    start = clock()
    channel.push(("turn", start + 30, 2))
    channel.push(("turn", start + 10, 1))
    channel.flush()
    channel.push(("turn", start + 20, 3))
    channel.flush()
    assert [(event["t"], event["turn"]) for event in reader.read()] == [(10, 1), (30, 2), (30, 3)]


def busy(channel, clock, turns, clients=10):
    """A loop that serves everybody in every turn, 1 ms each."""
    for turn in range(turns):
        channel.push(("wait", clock(), turn + 1, clients))
        channel.push(
            ("wake", clock.after(400_000), turn + 1, [[fd, 0, 1] for fd in range(clients)])
        )
        for fd in range(clients):
            channel.push(("begin", clock.after(20_000), fd, 0, 1, "read"))
            channel.push(("io", clock(), "recv", fd, 0, 65536, 5))
            channel.push(("io", clock.after(40_000), "send", fd, 0, 5, 4))
        channel.tick(clock())


def test_too_many_events_become_sums_and_nothing_is_missing_in_them(ends, clock):
    channel, reader = ends
    open_handles(channel, 10)
    busy(channel, clock, 1000)
    channel.flush()
    reader.read()
    assert "agg" in kinds(reader.events)
    assert len(reader.events) < 10_000
    assert reader.state["every"] is False
    assert reader.state["turn"] == 1000
    totals, spent = reader.state["totals"], reader.state["spent"]
    assert totals["calls"] == 20_000
    assert (totals["received"], totals["sent"]) == (50_000, 40_000)
    assert totals["found"] == 10_000
    assert totals["dropped"] == 0
    assert spent["waiting"] == 1000 * 400_000
    assert sum(spent.values()) == 1000 * 1_000_000
    assert all(one["owed"] == 1 and one["calls"] == 2000 for one in handles(reader))


def handles(reader):
    return list(reader.state["handles"].values())


def test_sums_and_events_fold_to_the_same_counts(clock):
    """What a reader of sums misses is single steps, no counts and no times."""
    states = []
    for every in (True, False):
        ours, theirs = socket.socketpair()
        channel = Channel(theirs.detach(), header("x", "selectors"), clock=Clock())
        reader = Reader(ours)
        channel.keep_every(every)
        open_handles(channel, 10)
        clock = channel.clock
        for _ in range(20):
            busy(channel, clock, 20)
            reader.read()
        channel.push(("wait", clock(), 999, 10))
        channel.flush()
        reader.read()
        states.append(reader.state)
        channel.detach()
        ours.close()
    one, two = states
    assert one["every"] is True
    assert two["every"] is False
    assert one["totals"] == two["totals"]
    assert one["spent"] == two["spent"]
    assert one["phase"] == two["phase"]
    assert one["slowest"]["ns"] == two["slowest"]["ns"]
    for key in ("received", "sent", "calls", "wasted", "owed"):
        assert [h[key] for h in one["handles"].values()] == [
            h[key] for h in two["handles"].values()
        ]


def test_a_burst_is_told_event_by_event(ends, clock):
    channel, reader = ends
    for turn in range(BURST - 1):
        channel.push(("turn", clock.after(1000), turn))
        channel.tick(clock())
    channel.flush()
    assert set(kinds(reader.read())) == {"turn"}


def test_when_it_is_calm_again_every_event_is_told_again(ends, clock):
    channel, reader = ends
    open_handles(channel, 10)
    busy(channel, clock, 200)
    channel.flush()
    reader.read()
    assert reader.state["every"] is False
    clock.after(1_000_000_000)
    channel.push(("io", clock(), "recv", 3, 0, 65536, 1))
    channel.tick(clock())
    assert kinds(reader.read()) == ["detail", "io"]
    assert reader.state["every"] is True


def test_flushing_again_when_nothing_has_happened_says_nothing(ends, clock):
    channel, reader = ends
    open_handles(channel, 10)
    busy(channel, clock, 200)
    channel.flush()
    reader.read()
    channel.flush()
    channel.tick(clock.after(10 * PACE))
    assert reader.read() == []


def test_while_held_every_event_is_told_however_many(ends, clock):
    channel, reader = ends
    channel.keep_every(True)
    open_handles(channel, 10)
    for _ in range(10):
        busy(channel, clock, 20)
        reader.read()
    channel.flush()
    reader.read()
    assert "agg" not in kinds(reader.events)
    assert reader.state["totals"]["calls"] == 10 * 20 * 20
    assert reader.state["totals"]["dropped"] == 0


def test_sums_tell_what_came_and_what_went(ends, clock):
    channel, reader = ends
    open_handles(channel, 2)
    busy(channel, clock, 200, clients=2)  # well above the limit
    for _ in range(BURST):
        channel.push(("io", clock(), "recv", 1, 0, 65536, 0))
    channel.emit("reg", fd=0, gen=0, mask=3, cb="write")
    channel.emit("open", fd=5, gen=0, role="client", via=[0, 0])
    channel.emit("reg", fd=5, gen=0, mask=1, cb="read")
    channel.push(("io", clock(), "recv", 5, 0, 10, 10))
    channel.emit("reg", fd=5, gen=0, mask=2, cb="write")
    channel.emit("unreg", fd=1, gen=0)
    channel.emit("close", fd=1, gen=0)
    channel.emit("open", fd=1, gen=1, role="client")
    channel.push(("begin", clock(), 0, 0, 2, "write"))
    channel.push(("call", clock(), "recv", 1, 1, 65536, 12))
    channel.push(("io", clock(), "accept", 0, 0, None, None, "EMFILE"))
    channel.flush()
    reader.read()
    state = reader.state
    assert sorted(state["handles"]) == ["0#0", "1#1", "5#0"]
    assert (state["handles"]["5#0"]["mask"], state["handles"]["5#0"]["received"]) == (2, 10)
    assert state["handles"]["0#0"]["mask"] == 3
    assert state["running"] == {"key": "0#0", "cb": "write", "mask": 2}
    assert state["threads"]["t12"]["call"] == "recv"
    assert state["totals"]["errors"] == 1
    assert as_json(channel.state) == state


def test_busy_loops_count_in_cells(ends, clock):
    channel, reader = ends
    open_handles(channel, 1)
    cell = channel.cell(0, 0, "recv")
    assert channel.cell(0, 0, "recv") is cell
    for turn in range(1000):
        channel.turn = turn
        cell[0] += 1
    channel.flush()
    assert reader.read()[1:] == [
        {"e": "waste", "t": 0, "fd": 0, "gen": 0, "n": 1000, "op": "recv"},
        {"e": "turn", "t": 0, "turn": 999},
    ]
    cell[0] += 1
    channel.uncell(0, 0)
    channel.flush()
    channel.flush()
    assert [event["n"] for event in reader.read()] == [1]
    assert reader.state["handles"]["0#0"]["wasted"] == 1001


def test_observing_tells_what_it_costs(ends, clock):
    channel, reader = ends
    channel.row_cost = 300
    for _ in range(10):
        channel.push(("turn", clock(), 1))
    clock.after(2_000_000_000)
    channel.flush()
    assert [event["ns"] for event in reader.read() if event["e"] == "cost"] == [3000]


@pytest.mark.parametrize("kind", ["socket", "pipe"])
def test_a_reader_that_stops_loses_events_and_learns_how_many_and_where_things_stand(kind, clock):
    if kind == "socket":
        ours, theirs = socket.socketpair()
        fd = theirs.detach()
    else:
        read_end, fd = os.pipe()
        ours = os.fdopen(read_end, "rb", buffering=0)
        ours.recv = ours.read
    channel, reader = Channel(fd, header("x", "threads"), clock=clock), Reader(ours)
    open_handles(channel, 50)
    sent = 0
    while channel._lost == 0:  # nobody reads: the descriptor fills, then our own room
        for _ in range(100):
            channel.push(("io", clock.after(1_000_000), "recv", sent % 50, 0, 65536, 5))
            sent += 1
        channel.tick(clock())
    for _ in range(100):
        channel.push(("io", clock.after(1_000_000), "recv", sent % 50, 0, 65536, 5))
        sent += 1
    channel.emit("close", fd=3, gen=0)
    channel.flush()
    assert channel.patience(clock()) is not None
    while channel._lost or channel._out:
        reader.read()
        clock.after(PACE)
        channel.flush()
    reader.read()
    last_two = [event["e"] for event in reader.events[-2:]]
    assert last_two == ["drop", "key"]
    assert reader.events[-2]["n"] == reader.state["totals"]["dropped"] > 100
    assert reader.state["totals"]["received"] == 5 * sent
    assert reader.state == as_json(channel.state)
    assert "3#0" not in reader.state["handles"]
    channel.push(("io", clock(), "recv", 4, 0, 65536, 5))
    channel.flush()
    assert kinds(reader.read()) == ["io"]
    channel.detach()
    ours.close()


def test_a_reader_that_goes_away_is_not_missed(ends, clock):
    channel, reader = ends
    reader.sock.close()
    channel.push(("turn", clock(), 1))
    channel.flush()
    assert channel.gone
    channel.push(("turn", clock(), 2))
    channel.tick(clock.after(PACE))
    assert len(channel._rows) == 0
    channel.close(0)


def test_a_fault_of_ours_ends_the_watching_and_not_the_server(ends, clock, capsys):
    channel, _ = ends
    channel.push(("io", clock()))  # nonsense
    channel.flush()
    assert channel.gone
    assert "Nobody can watch this server any more: KeyError" in capsys.readouterr().err


def test_a_commanding_copy_of_the_socket_stays_blocking(clock):
    ours, theirs = socket.socketpair()
    commands = theirs.dup()
    channel = Channel(theirs.detach(), header("x", "select"), clock=clock)
    assert os.get_blocking(commands.fileno())
    channel.detach()
    for sock in (ours, commands):
        sock.close()


def test_a_forked_child_says_nothing_and_keeps_nothing_open(ends, clock):
    channel, reader = ends
    channel.push(("turn", clock(), 1))
    with channel._lock:  # as if another thread were flushing
        child = os.fork()
        if child == 0:
            code = 1
            try:
                channel.push(("turn", clock(), 99))
                channel.flush()
                closed = channel.gone and not channel._rows
                code = 0 if closed and not channel._lock.locked() else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    channel.flush()
    assert [event["turn"] for event in reader.read()] == [1]
    channel.detach()
    assert reader.sock.recv(1) == b""  # nobody holds the other end open


def test_goodbye_is_the_last_word_even_when_the_reader_is_slow(ends):
    channel, reader = ends
    channel.clock = channel_module.time.monotonic_ns
    open_handles(channel, 20_000)
    thread = threading.Thread(target=reader.read, args=(10,))
    thread.start()
    channel.close(0, patience=10)
    thread.join(20)
    assert reader.events[-1] == {"e": "bye", "t": reader.events[-1]["t"], "code": 0}
    assert len(reader.state["handles"]) == 20_000


def test_goodbye_waits_for_a_thread_that_is_flushing(ends):
    channel, reader = ends
    channel.clock = channel_module.time.monotonic_ns
    channel._lock.acquire()
    threading.Timer(0.05, channel._lock.release).start()
    channel.close(3, patience=10)
    assert kinds(reader.read()) == ["bye"]


def test_many_threads_push_without_losing_anything(ends):
    channel, reader = ends
    channel.keep_every(True)
    real = channel_module.time.monotonic_ns
    done = threading.Event()

    def work(fd):
        for _ in range(500):
            channel.push(("io", real(), "recv", fd, 0, 10, 1, None, None, fd))
            channel.tick(channel.clock.after(1_000_000))

    def pump():
        while not done.wait(0.001):
            reader.read()

    open_handles(channel, 8)
    threads = [threading.Thread(target=work, args=(fd,)) for fd in range(1, 8)]
    pumping = threading.Thread(target=pump)
    for thread in [pumping, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    pumping.join()
    channel.flush()
    reader.read()
    assert reader.state["totals"]["received"] == 7 * 500
    assert reader.state["totals"]["dropped"] == 0
