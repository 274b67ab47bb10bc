"""A chat is seen from inside like any other server; and so is how few calls it needs."""

from chat_members import members


def test_a_board_sees_members_words_and_turns(watched):
    server, inside = watched("chat_reactor")
    assert inside.watched.header["style"] == "reactor"
    with members(server, "Ann", "Bob") as (ann, bob):
        ann.says("hello")
        assert bob.hears() == [("Ann", "hello")]
        assert inside.becomes(lambda state: state["totals"]["accepted"] == 2)
        callbacks = {one.get("cb") for one in inside.state["handles"].values()}
        assert len(inside.clients()) == 2
        assert {"Member", "Acceptor"} <= {str(name).split(".")[0] for name in callbacks}
    assert inside.becomes(lambda state: state["totals"]["closed"] == 2)
    assert server.stop() == 0


def test_what_many_say_in_one_turn_goes_out_with_one_send_to_each(watched):
    server, inside = watched("chat_reactor")
    names = [f"member {number}" for number in range(8)]
    greeting = len('{"user":"member 7","text":"Here I am."}\n')
    with members(server, *names) as everybody:
        assert inside.becomes(lambda state: at_rest(state, 7 * greeting))
        inside.pause(at="kernel")
        for one in everybody:
            one.says("Here I am.", "Here I am.")
        before = len(inside.events)
        inside.run()
        assert inside.becomes(lambda state: at_rest(state, (7 + 8 * 14) * greeting))
        for one in everybody:
            assert len(one.hears(14)) == 14
    sends = [one["got"] for one in inside.events[before:] if one.get("op") == "send"]
    assert sends == [14 * greeting] * 8


def at_rest(state, sent):
    """Return whether so many bytes have been sent, and the server waits again."""
    return state["totals"]["sent"] == sent and state["phase"] == "waiting"
