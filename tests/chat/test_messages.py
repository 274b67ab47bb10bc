"""What is a message and what is not; what goes out is one line that means the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactorkit.chat.framing import LONGEST_LINE
from reactorkit.chat.messages import Message, NotAMessage, complaint, encode, parse, reason_in

texts = st.text(st.characters(exclude_categories=["Cs"]))
plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(texts, texts)
def test_what_is_written_is_one_line_and_is_read_back(user, text):
    line = encode(Message(user, text))
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and b"\r" not in line
    assert json.loads(line) == {"user": user, "text": text}
    assert parse(line.removesuffix(b"\n")) == (user, text)


@given(texts, texts, st.booleans(), st.dictionaries(texts, plain_json, max_size=3))
def test_only_user_and_text_are_passed_on_and_no_line_grows(user, text, escaped, more):
    wanted = {**more, "user": user, "text": text}
    line = json.dumps(wanted, ensure_ascii=escaped, separators=(",", ":")).encode()
    passed_on = encode(parse(line))
    assert json.loads(passed_on) == {"user": user, "text": text}
    assert len(passed_on) <= len(line) + 1


@given(st.binary() | plain_json.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_message_or_a_reason(line):
    try:
        told = encode(parse(line.replace(b"\n", b"")))
    except NotAMessage as error:
        told = complaint(str(error))
    assert set(json.loads(told)) in ({"user", "text"}, {"error"})


@pytest.mark.parametrize(
    "line",
    [
        b'{"user":"Ann","text":"hi"}',
        b'\t {"text": "hi", "user": "Ann"}\r',
        b'{"user":"Ann",\r"text":"hi","user2":null}',
        b'{"user":"Bob","user":"Ann","text":"hi"}',  # the last one counts, as everywhere in Python
        b'{"user":"Ann","text":"hi","n":' + b"9" * 5000 + b"}",
        b'{"user":"Ann","text":"hi","n":1e999}',
        b'{"user":"\\u0041nn","text":"\\u0068i"}',
    ],
    ids=lambda line: line[:40].decode(),
)
def test_these_are_messages(line):
    assert parse(line) == ("Ann", "hi")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "empty"),
        (b"\r", "empty"),
        (b" \t\r", "empty"),
        (b"hello", "not JSON"),
        (b"{", "not JSON"),
        (b'{"user":"Ann","text":"hi"} {}', "not JSON"),
        (b'{"user":"Ann","text":"hi"},{"user":"Ann","text":"hi"}', "not JSON"),
        (b"{'user':'Ann','text':'hi'}", "not JSON"),
        (b'{"user":"Ann","text":"a\tb"}', "not JSON"),  # raw control characters
        (b'{"user":"Ann","text":"a\rb"}', "not JSON"),
        (b'{"user":"Ann","text":"hi","n":NaN}', "not JSON"),
        (b'{"user":"Ann","text":"hi","n":-Infinity}', "not JSON"),
        (b'\xef\xbb\xbf{"user":"Ann","text":"hi"}', "not JSON"),  # a byte order mark
        ('{"user":"Ann","text":"hi"}'.encode("utf-16"), "UTF-8"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'{"user":"Ann","text":"\xe4"}', "UTF-8"),
        (b'{"user":"Ann","text":"\xed\xa0\x80"}', "UTF-8"),  # half a surrogate pair, raw
        (b"[1]", "is a JSON object, with"),
        (b"1", "is a JSON object, with"),
        (b'"x"', "is a JSON object, with"),
        (b"null", "is a JSON object, with"),
        (b"{}", "needs a user"),
        (b'{"user":"Ann"}', "needs a user"),
        (b'{"text":"hi"}', "needs a user"),
        (b'{"user":1,"text":"hi"}', "needs a user"),
        (b'{"user":1.5,"text":"hi"}', "needs a user"),
        (b'{"user":"Ann","text":null}', "needs a user"),
        (b'{"user":"Ann","text":["hi"]}', "needs a user"),
        (b'{"User":"Ann","Text":"hi"}', "needs a user"),
        (b'{"user":"Ann","text":"\\ud800"}', "surrogate"),
        (b'{"user":"\\udc00\\ud800","text":"hi"}', "surrogate"),
        (b"[" * LONGEST_LINE, "brackets"),
        (b'{"a":' * (LONGEST_LINE // 5), "brackets"),
    ],
    ids=lambda what: repr(what[:40]),
)
def test_these_are_not_and_the_reason_is_told(line, reason):
    with pytest.raises(NotAMessage, match=reason) as told:
        parse(line)
    told = complaint(str(told.value))
    assert json.loads(told) == {"error": reason_in(told)}


def test_a_pair_of_surrogates_is_one_character():
    assert parse(b'{"user":"Ann","text":"\\ud83d\\ude00"}').text == "😀"
    assert encode(Message("Ann", "😀")) == '{"user":"Ann","text":"😀"}\n'.encode()


def test_a_complaint_is_one_line():
    assert complaint('two\n"lines"') == b'{"error":"two\\n\\"lines\\""}\n'


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff", b"[" * 60_000, b"[1]", b"{}", b'{"error":1}', b'{"user":"Ann","text":"hi"}'],
)
def test_nothing_else_is_a_complaint(line):
    assert reason_in(line) is None
