"""The claims as read from claims.toml: one frozen record each, checked while it is read.

A fault in the file is an author's fault: `AuthorError` names the claim and the key.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from reactorkit.errors import KitError, nearest

CLAIMS_FILE = Path(__file__).with_name("claims.toml")
# Questions to practise with (lesson 00): predicted and measured like claims, but no claims.
PRACTICE_FILE = Path(__file__).with_name("practice.toml")
GAPS_FILE = Path(__file__).with_name("gaps.toml")
# Questions to practise with: the same keys, but no claims of the article, and not in the ledger.
PRACTICE_FILE = Path(__file__).with_name("practice.toml")

JUST_SHOW_ME = "?"
MOST_GATES = 4

_TIERS = ("core", "deeper")
_VERDICTS = ("holds", "holds_if", "refuted")
_KINDS = ("measured", "citation")
_TYPES: dict[str, type] = {
    "notebook": int,
    "gate": bool,
    "load_sensitive": bool,
    "options": list,
    "sources": list,
    "platform": list,
}
_REQUIRED = ("notebook", "tier", "verdict", "kind", "claim", "question", "answer", "sources")


class AuthorError(KitError):
    """A fault in the kit's own text or experiments: the reader did nothing wrong."""


@dataclass(frozen=True)
class Option:
    """One answer to a claim's question; a wrong one names the idea that leads to it."""

    key: str
    text: str
    right: bool = False
    misconception: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim of the article, in our words, with our verdict and how to check it."""

    id: str
    notebook: int
    tier: str
    verdict: str
    kind: str
    claim: str
    question: str
    answer: str
    sources: tuple[str, ...]
    options: tuple[Option, ...] = ()
    gate: bool = False
    condition: str = ""
    criterion: str = ""
    experiment: str = ""
    load_sensitive: bool = False
    platform: tuple[str, ...] = ()
    note: str = ""
    picture: str = ""

    @property
    def right(self) -> Option | None:
        """The right option, or None when the claim asks nothing."""
        return next((option for option in self.options if option.right), None)

    def option(self, key: str) -> Option | None:
        """Return the option with this key, or None ("?" has none)."""
        return next((option for option in self.options if option.key == key), None)

    @property
    def decidable_here(self) -> bool:
        """Whether this platform can decide the claim (`sys.platform`: "linux", "darwin")."""
        return not self.platform or any(sys.platform.startswith(name) for name in self.platform)


@dataclass(frozen=True)
class Gap:
    """Something a learner needs that the article leaves out."""

    id: str
    notebook: int
    topic: str
    text: str = ""


# All claims by id, in the order of the file.
Claims = Mapping[str, Claim]


def load(path: Path | None = None) -> Claims:
    """Return all claims of `path` (claims.toml of the kit); read once per process."""
    return _load(path or CLAIMS_FILE)


def get(claim_id: str) -> Claim:
    """Return one claim by id ("C13", in any case); KitError names the nearest ids."""
    claims = load()
    wanted = str(claim_id).strip().upper()
    if wanted in load(PRACTICE_FILE):
        return load(PRACTICE_FILE)[wanted]
    if wanted not in claims:
        raise KitError(f"There is no claim {claim_id!r}.{nearest(wanted, claims)}")
    return claims[wanted]


def sharing(claim: Claim) -> tuple[Claim, ...]:
    """Return all claims decided by the same experiment as `claim`, itself included."""
    key = (claim.notebook, claim.experiment)
    others = [*load().values(), *load(PRACTICE_FILE).values()]
    found = tuple(each for each in others if (each.notebook, each.experiment) == key)
    return found if claim.experiment else (claim,)


@lru_cache(maxsize=8)
def _load(path: Path) -> Claims:
    tables = _read(path)
    claims = {claim_id: _claim(claim_id, table) for claim_id, table in tables.items()}
    _check_gates(claims)
    return claims


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise AuthorError(f"{path.name} is not valid TOML: {exc}.") from exc


def _claim(claim_id: str, table: Any) -> Claim:
    if not isinstance(table, dict):
        raise AuthorError(f"{claim_id} in claims.toml has to be a table.")
    known = {field.name for field in fields(Claim)} - {"id"}
    _check_keys(claim_id, table, known)
    for key in _REQUIRED:
        if key not in table:
            raise AuthorError(f"{claim_id}: the key {key!r} is missing in claims.toml.")
    for key, value in table.items():
        _check_type(claim_id, key, value)
    values: dict[str, Any] = {
        key: each.strip() if isinstance(each, str) else each for key, each in table.items()
    }
    values["options"] = tuple(_option(claim_id, each) for each in table.get("options", ()))
    values["sources"] = tuple(table["sources"])
    values["platform"] = tuple(table.get("platform", ()))
    claim = Claim(id=claim_id, **values)
    _check(claim)
    return claim


def _check_keys(table_id: str, table: Mapping[str, Any], known: set[str]) -> None:
    for key in table:
        if key not in known:
            raise AuthorError(f"{table_id}: unknown key {key!r}.{nearest(key, known)}")


def _check_type(claim_id: str, key: str, value: Any) -> None:
    expected = _TYPES.get(key, str)
    if type(value).__name__ != expected.__name__:  # type(True) is not int here
        raise AuthorError(
            f"{claim_id}: {key!r} has to be {expected.__name__}, not {type(value).__name__}."
        )
    if key in ("sources", "platform") and not all(isinstance(each, str) for each in value):
        raise AuthorError(f"{claim_id}: every entry of {key!r} has to be str.")


def _option(claim_id: str, table: Any) -> Option:
    known = {field.name for field in fields(Option)}
    keys: set[str] = set(table) if isinstance(table, dict) else set()
    if not {"key", "text"} <= keys <= known:
        raise AuthorError(
            f"{claim_id}: an entry of 'options' needs key and text, and may have right "
            f"and misconception: {table!r}."
        )
    return Option(**table)


def _check(claim: Claim) -> None:
    """Raise AuthorError where the values of one claim do not fit together."""

    def need(condition: bool, key: str, sentence: str) -> None:
        if not condition:
            raise AuthorError(f"{claim.id}: {key!r} {sentence}")

    need(claim.tier in _TIERS, "tier", f"has to be one of {', '.join(_TIERS)}.")
    need(claim.verdict in _VERDICTS, "verdict", f"has to be one of {', '.join(_VERDICTS)}.")
    need(claim.kind in _KINDS, "kind", f"has to be one of {', '.join(_KINDS)}.")
    for key in ("claim", "question", "answer"):
        need(bool(getattr(claim, key).strip()), key, "is empty.")
    need(
        bool(claim.condition) == (claim.verdict == "holds_if"),
        "condition",
        "belongs to verdict holds_if, and to no other.",
    )
    if claim.kind == "measured":
        need(bool(claim.criterion), "criterion", "is missing: what must the experiment show?")
    else:
        need(not claim.experiment, "experiment", "does not fit a citation: nothing is measured.")
    need(not claim.gate or bool(claim.options), "options", "are missing, and the claim has a gate.")
    need(not claim.gate or claim.tier == "core", "gate", "is for core claims only.")
    if claim.options:
        _check_options(claim, need)


def _check_options(claim: Claim, need: Callable[[bool, str, str], None]) -> None:
    keys = [option.key for option in claim.options]
    need(2 <= len(keys) <= 4, "options", f"has to hold 2 to 4 answers, not {len(keys)}.")
    need(len(set(keys)) == len(keys), "options", "uses a key twice.")
    need(JUST_SHOW_ME not in keys, "options", "uses '?', which means: just show me.")
    need(sum(option.right for option in claim.options) == 1, "options", "needs exactly one right.")
    for option in claim.options:
        need(
            option.right or bool(option.misconception),
            "options",
            f"has a wrong answer {option.key!r} that names no misconception.",
        )


def _check_gates(claims: Claims) -> None:
    gates: dict[int, list[str]] = {}
    for claim in claims.values():
        if claim.gate:
            gates.setdefault(claim.notebook, []).append(claim.id)
    for notebook, ids in gates.items():
        if len(ids) > MOST_GATES:
            raise AuthorError(
                f"Notebook {notebook:02d} has {len(ids)} gates ({', '.join(ids)}): "
                f"'gate' allows {MOST_GATES} a notebook."
            )


@lru_cache(maxsize=8)
def _load_gaps(path: Path) -> tuple[Gap, ...]:
    found = []
    for gap_id, table in _read(path).items():
        _check_keys(gap_id, table, {field.name for field in fields(Gap)} - {"id"})
        for key in ("notebook", "topic"):
            if key not in table:
                raise AuthorError(f"{gap_id}: the key {key!r} is missing in {path.name}.")
        found.append(Gap(gap_id, table["notebook"], table["topic"], table.get("text", "").strip()))
    return tuple(found)


def gaps(path: Path | None = None) -> tuple[Gap, ...]:
    """Return what the article leaves out (gaps.toml of the kit); read once per process."""
    return _load_gaps(path or GAPS_FILE)
