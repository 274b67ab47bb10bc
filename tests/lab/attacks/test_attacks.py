"""Who survives what: the article's chat server dies as the table says, the others as declared."""

import json
import os

import pytest

from reactorkit import attack
from reactorkit.errors import KitError
from reactorkit.lab.attacks.catalogue import ATTACKS, attacks_for
from reactorkit.lab.attacks.model import CHAT, ECHO, FIFTEEN, RULES, Verdict
from reactorkit.lab.attacks.table import service_of
from reactorkit.servers import SERVERS, rung

# The contract tests hold every rung to its declarations; here the whole set runs on these two.
IN_FULL = ("echo_threads", "echo_reactor")
IN_SHORT = ("fifteen", "never_reads", "out_of_descriptors")


def names(rungs):
    return [
        pytest.param(one.name, marks=pytest.mark.skipif(not one.available(), reason=one.missing))
        for one in rungs
    ]


def parser_runs_out_of_stack():
    """Return whether 999 brackets are too many here: Python 3.12 has a stack of its own for C."""
    try:
        json.loads("[" * 999)
    except RecursionError:
        return True
    except json.JSONDecodeError:
        return False
    raise AssertionError("999 opening brackets are no JSON")


DEADLY = {
    "json_list": "TypeError",
    "json_number": "TypeError",
    "json_string": "TypeError",
    "json_null": "TypeError",
    "bad_bytes": "UnicodeDecodeError",
    "bad_utf8": "UnicodeDecodeError",
    "deep_brackets": "RecursionError",
    "lone_surrogate": "UnicodeEncodeError",
    "say_and_leave": "KeyError",
    "reset_before_accept": "OSError ENOTCONN",
    "reset_idle": "ConnectionResetError",
    "reset_after_message": "OSError ENOTCONN",
}


def test_the_articles_chat_server_dies_of_twelve_attacks_of_fifteen_and_each_has_its_cause():
    table = attack("chat_article", only="fifteen")
    expected = {one.id: DEADLY.get(one.id, "") for one in attacks_for(CHAT, FIFTEEN)}
    if not parser_runs_out_of_stack():
        expected["deep_brackets"] = ""
    trial = table["chat_article"]
    assert {out.attack.id: out.error for out in trial.outcomes} == expected
    assert trial.count("dead") == sum(bool(error) for error in expected.values())
    assert trial.count("alive") == 15 - trial.count("dead")
    assert all("lost the connection" in out.saw for out in trial.outcomes if out.error)


def test_what_else_the_articles_chat_server_cannot_bear():
    # Not here: never_reads. What it keeps grows, unless the kernel finds room for half a word
    # first: then its send() fails, and it parts with that member by accident.
    expected = {
        "come_and_go": "alive",
        "resets_at_any_moment": "dead",
        "close_unread": "dead",
        "half_close": "dead",
        "byte_by_byte": "faulty",
        "coalesced": "faulty",
        "oversize_line": "alive",
        "unfinished_lines": "alive",
        "flood": "alive",
        "silent_guests": "alive",
        "out_of_descriptors": "dead",
    }
    trial = attack("chat_article", only=list(expected))["chat_article"]
    assert {out.attack.id: str(out.verdict) for out in trial.outcomes} == expected
    assert trial["coalesced"].fault == "0 of 20 messages arrived"
    assert trial["out_of_descriptors"].error == "OSError EMFILE"


def test_the_chat_on_the_reactor_survives_everything():
    table = attack("chat_reactor")
    assert table.survived, str(table)
    assert len(table["chat_reactor"].outcomes) == len(attacks_for(CHAT))


@pytest.mark.parametrize(
    "name", names(one for one in SERVERS if one.service == ECHO and one.serves_many)
)
def test_echo_servers_survive_as_the_ladder_declares(name):
    trial = attack(name, only=() if name in IN_FULL else IN_SHORT)[name]
    expected = {out.attack.id: Verdict.ALIVE for out in trial.outcomes}
    if not rung(name).survives_emfile:
        expected["out_of_descriptors"] = Verdict.DEAD
    elif name == "echo_asyncio":  # it serves on, and writes about every client that it cannot take
        expected["out_of_descriptors"] = Verdict.FAULTY
    assert {out.attack.id: out.verdict for out in trial.outcomes} == expected, str(trial)


def test_one_client_at_a_time_is_stalled_by_who_stays_and_ended_by_who_resets():
    expected = {
        "say_and_leave": "alive",
        "reset_before_accept": "dead",
        "reset_idle": "dead",
        "half_close": "alive",
        "coalesced": "alive",
        "never_reads": "stalled",
        "silent_guests": "stalled",
        "out_of_descriptors": "alive",  # it never holds more than one
    }
    table = attack("echo_blocking", only=list(expected))
    verdicts = {out.attack.id: str(out.verdict) for out in table["echo_blocking"].outcomes}
    assert verdicts == expected
    assert not table.survived


# ----------------------------------------------------------------- files, and their faults

LOSES_THE_REST = """
import selectors


def serve(listener):
    selector = selectors.DefaultSelector()
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                client, _ = listener.accept()
                client.setblocking(False)
                selector.register(client, selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(65536)
            if data:
                key.fileobj.send(data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()
"""


@pytest.fixture
def loses_the_rest(tmp_path):
    """The echo server of many documentations: send() is trusted, and recv() too."""
    path = tmp_path / "loses_the_rest.py"
    path.write_text(LOSES_THE_REST)
    return path


def test_a_learners_file_is_attacked_too_and_asked_what_it_serves(loses_the_rest):
    trial = attack(loses_the_rest, only=["reset_idle", "late_reader", "byte_by_byte"])[
        "loses_the_rest"
    ]
    assert trial["reset_idle"].error == "ConnectionResetError"
    # What does not fit is lost, or send() raises: both are not what was promised.
    assert trial["late_reader"].verdict in (Verdict.DEAD, Verdict.FAULTY)
    assert trial["byte_by_byte"].verdict is Verdict.ALIVE


GROWS = """
import threading


def serve(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,), daemon=True).start()


def echo(client):
    owed, ready = [], threading.Condition()

    def send():
        while True:
            with ready:
                ready.wait_for(lambda: owed)
                data = owed.pop(0)
            client.sendall(data)

    threading.Thread(target=send, daemon=True).start()
    while data := client.recv(65536):
        with ready:
            owed.append(data)
            ready.notify()
"""


def test_memory_without_a_limit_is_a_fault_though_everybody_is_served(tmp_path):
    path = tmp_path / "grows.py"
    path.write_text(GROWS)
    outcome = attack(path, only="never_reads", service=ECHO)["grows"]["never_reads"]
    assert outcome.verdict is Verdict.FAULTY
    assert outcome.fault == "it keeps more than 16 MiB for one client"
    assert outcome.saw == "they were served throughout"


WAITS_FOR_ROOM = LOSES_THE_REST.replace("key.fileobj.send(data)", "send_all(key.fileobj, data)")
WAITS_FOR_ROOM += """

def send_all(client, data):
    client.setblocking(True)
    client.sendall(data)
    client.setblocking(False)
"""


def test_a_loop_that_waits_for_one_client_is_stalled(tmp_path):
    path = tmp_path / "waits_for_room.py"
    path.write_text(WAITS_FOR_ROOM)
    trial = attack(path, only=["late_reader", "never_reads"], service=ECHO)["waits_for_room"]
    assert trial["late_reader"].verdict is Verdict.ALIVE  # the reader comes late, but it comes
    outcome = trial["never_reads"]
    assert (outcome.verdict, outcome.saw) == (Verdict.STALLED, "Ann heard nothing any more")


def test_what_a_file_serves_is_found_out(loses_the_rest):
    assert service_of(str(loses_the_rest)) == ECHO
    assert service_of(str(rung("chat_article").path)) == CHAT
    assert service_of("chat_article") == CHAT


def test_a_server_that_does_not_serve_at_all_is_no_verdict_but_a_sentence(tmp_path):
    path = tmp_path / "mute.py"
    path.write_text("def serve(listener):\n    while True:\n        listener.accept()\n")
    with pytest.raises(KitError, match="mute does not serve even before an attack: Ann "):
        attack(path, only="reset_idle", service=ECHO)


# --------------------------------------------------------------------------- the table


@pytest.fixture(scope="module")
def table():
    return attack("echo_selectors", "echo_threads", only=["reset_idle", "out_of_descriptors"])


def test_the_table_prints_side_by_side(table):
    assert str(table).splitlines() == [
        "attack              echo_selectors          echo_threads",
        "reset in silence    ● alive                 ● alive",
        "no descriptor left  ✘ dead: OSError EMFILE  ✘ dead: OSError EMFILE",
        "echo_selectors, 2 attacks: 1 alive, 1 dead.",
        "echo_threads, 2 attacks: 1 alive, 1 dead.",
    ]


def test_the_table_is_shown_as_html_and_as_a_picture(table):
    bundle = table._repr_mimebundle_()
    assert bundle["text/plain"] == str(table)
    assert bundle["text/html"].count("✘ dead") == 2
    (axes,) = table.plot().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "reset in silence",
        "no descriptor left",
    ]
    assert {line.get_marker() for line in axes.lines} == {"o", "X"}  # a shape for each verdict


def test_the_table_as_data_holds_everything_that_was_seen(table):
    first, _ = json.loads(json.dumps(table.data()))
    assert first["counts"] == {"alive": 1, "faulty": 0, "stalled": 0, "dead": 1}
    last = first["attacks"][-1]
    assert last["last_words"] == f"OSError: [Errno 24] {os.strerror(24)}"
    assert "lost the connection" in last["saw"]


# ----------------------------------------------------------------------- the catalogue


def test_ids_are_unique_within_a_service_and_the_fifteen_are_fifteen():
    for service in (ECHO, CHAT):
        ids = [one.id for one in attacks_for(service)]
        assert len(ids) == len(set(ids))
        assert all(one.title and one.sends and one.cause for one in attacks_for(service))
        assert {one.group for one in attacks_for(service)} == {FIFTEEN, RULES}
    assert len(attacks_for(CHAT, FIFTEEN)) == 15
    assert {service for one in ATTACKS for service in one.services} == {ECHO, CHAT}


def test_an_unknown_attack_is_answered_with_its_neighbours():
    with pytest.raises(KitError, match="Did you mean reset_idle"):
        attack("chat_article", only="reset_idl")
    with pytest.raises(KitError, match="None of these attacks is for"):
        attack("echo_threads", only="json_null")
    with pytest.raises(KitError, match="have to serve the same"):
        attack("echo_threads", "chat_article")
    with pytest.raises(KitError, match="needs a server"):
        attack()
