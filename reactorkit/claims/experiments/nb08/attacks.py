"""The attack table: what comes in, and how it comes and goes (C90, C98, C100)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from reactorkit.claims.experiments.nb08 import pictures
from reactorkit.claims.experiments.nb08.variants import ARTICLE, OURS
from reactorkit.claims.world import Evidence, Finding, World
from reactorkit.lab.attacks.model import FIFTEEN, Attack, Verdict
from reactorkit.lab.attacks.table import SurvivalTable, attack

RESETS = ("reset_idle", "reset_after_message")
LEAST = 5  # payloads that kill the article's server
# id of the attack: the word for what became of the article's server, and of ours
Fates = Mapping[str, tuple[str, str]]


def attack_table(world: World) -> Evidence:
    """C90, C100: fifteen attacks on both chats, each on a fresh server with members online."""
    table = _attack(world, FIFTEEN)
    fates = fates_of(table)
    lines = {one.id: fates[one.id] for one, _ in table.rows() if "C90" in one.claims}
    return Evidence(
        findings={
            "C90": Finding(
                payloads_kill(lines),
                f"of {len(lines)} lines, {_dead(lines, 0)} ended {ARTICLE}, and {_dead(lines, 1)} "
                f"ended {OURS}; by {', '.join(sorted(_errors(table, lines)))}",
            ),
            "C100": Finding(
                far_from_complete(fates),
                f"of {len(fates)} attacks, {_dead(fates, 0)} ended {ARTICLE}, and "
                f"{_dead(fates, 1)} ended {OURS}",
            ),
        },
        data=_data(table),
        picture=pictures.draw_survival,
        caption="Fifteen clients, each at a fresh server: what ended it, and who lives.",
        alt=_told(table),
    )


def reset_and_removal(world: World) -> Evidence:
    """C98: reset a silent connection, and one that has just said something."""
    table = _attack(world, RESETS)
    fates = fates_of(table)
    return Evidence(
        findings={
            "C98": Finding(
                resets_kill(fates),
                "; ".join(
                    f"{one.title}: {ARTICLE} {outcomes[0].verdict} ({outcomes[0].why}), {OURS} "
                    f"{outcomes[1].verdict}"
                    for one, outcomes in table.rows()
                ),
                "This system tells of a reset in another way.",
            )
        },
        data=_data(table),
        picture=pictures.draw_survival,
        caption="Two resets, two ways to die: in the reading, and in asking a dead peer's name.",
        alt=_told(table),
    )


def _attack(world: World, only: str | Sequence[str]) -> SurvivalTable:
    return attack(ARTICLE, OURS, only=only, progress=partial(_progress, world))


def _progress(world: World, attacks: Iterable[Attack]) -> Iterator[Attack]:
    return world.progress(attacks, "attacks")


def fates_of(table: SurvivalTable) -> dict[str, tuple[str, str]]:
    """Return for each attack what became of the two servers."""
    return {
        one.id: (str(outcomes[0].verdict), str(outcomes[1].verdict))
        for one, outcomes in table.rows()
    }


def _dead(fates: Fates, place: int) -> int:
    return sum(pair[place] == Verdict.DEAD for pair in fates.values())


def _errors(table: SurvivalTable, lines: Iterable[str]) -> set[str]:
    return {outcome.error for name in lines if (outcome := table[ARTICLE][name]).error}


def unharmed(fates: Fates) -> bool:
    """Return whether the second server has survived everything as if nothing had been."""
    return all(ours == Verdict.ALIVE for _, ours in fates.values())


def payloads_kill(fates: Fates) -> bool:
    """Return whether at least LEAST of 11 lines end the first server, and none the second."""
    return len(fates) == 11 and _dead(fates, 0) >= LEAST and unharmed(fates)


def far_from_complete(fates: Fates) -> bool:
    """Return whether more than half of the 15 attacks end the first server, none the second."""
    return len(fates) == 15 and 2 * _dead(fates, 0) > len(fates) and unharmed(fates)


def resets_kill(fates: Fates) -> bool:
    """Return whether both resets end the first server, and none the second."""
    return len(fates) == len(RESETS) == _dead(fates, 0) and unharmed(fates)


def _data(table: SurvivalTable) -> dict[str, object]:
    return {
        "titles": [one.title for one, _ in table.rows()],
        "trials": [
            [trial.server, [[str(each.verdict), each.why] for each in trial.outcomes]]
            for trial in table.trials
        ],
    }


def _told(table: SurvivalTable) -> str:
    return (
        "A table. "
        + "; ".join(
            f"{one.title}: " + ", ".join(f"{each.verdict} {each.why}".strip() for each in outcomes)
            for one, outcomes in table.rows()
        )
        + "."
    )
