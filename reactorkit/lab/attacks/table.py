"""The survival table: which attack a server survives, and what the others do to it."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reactorkit.errors import KitError
from reactorkit.lab.attacks.arena import run_attack
from reactorkit.lab.attacks.catalogue import attacks_for
from reactorkit.lab.attacks.ears import REST, Ears
from reactorkit.lab.attacks.model import CHAT, ECHO, Attack, Outcome, Verdict
from reactorkit.lab.attacks.party import line
from reactorkit.lab.server import Server, target_word
from reactorkit.servers import LADDER, Rung

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[Iterable[Attack]], Iterable[Attack]]


@dataclass(frozen=True)
class Trial:
    """One server, and what each attack has done to it."""

    server: str
    outcomes: tuple[Outcome, ...] = field(repr=False)

    def __getitem__(self, attack_id: str) -> Outcome:
        """Return the outcome of one attack."""
        for outcome in self.outcomes:
            if outcome.attack.id == attack_id:
                return outcome
        raise KeyError(attack_id)

    def count(self, verdict: Verdict | str) -> int:
        """Return how many attacks have ended like this."""
        return sum(outcome.verdict == verdict for outcome in self.outcomes)

    @property
    def survived(self) -> bool:
        """Whether no attack has done any harm."""
        return self.count(Verdict.ALIVE) == len(self.outcomes)

    @property
    def summary(self) -> str:
        """What has become of it, in one sentence."""
        parts = [f"{self.count(verdict)} {verdict}" for verdict in Verdict if self.count(verdict)]
        return f"{self.server}, {_attacks(len(self.outcomes))}: {', '.join(parts)}."


@dataclass(frozen=True)
class SurvivalTable:
    """The result of `attack(...)`: a trial for each server, the attacks as rows.

    Prints as text, shows itself in a notebook as a table, and `plot()` draws it.
    """

    service: str
    trials: tuple[Trial, ...]

    def __getitem__(self, server: str) -> Trial:
        """Return the trial of one server, by its name."""
        for trial in self.trials:
            if trial.server == server:
                return trial
        raise KeyError(server)

    @property
    def survived(self) -> bool:
        """Whether every server has survived every attack unharmed."""
        return all(trial.survived for trial in self.trials)

    @property
    def summary(self) -> str:
        """What has become of each server, one sentence each."""
        return " ".join(trial.summary for trial in self.trials)

    def rows(self) -> list[tuple[Attack, list[Outcome]]]:
        """Return each attack with its outcomes, in the order of the servers."""
        columns = zip(*(trial.outcomes for trial in self.trials), strict=True)
        return [(outcomes[0].attack, list(outcomes)) for outcomes in columns]

    def data(self) -> list[dict[str, Any]]:
        """Return the table as plain values, one for each server."""
        return [
            {
                "server": trial.server,
                "service": self.service,
                "survived": trial.survived,
                "counts": {str(verdict): trial.count(verdict) for verdict in Verdict},
                "attacks": [_plain(outcome) for outcome in trial.outcomes],
            }
            for trial in self.trials
        ]

    # ------------------------------------------------------------- as text and as HTML

    def __str__(self) -> str:
        names = [trial.server for trial in self.trials]
        table = [["attack", *names]]
        table += [[one.title, *map(_words, outcomes)] for one, outcomes in self.rows()]
        widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([*lines, *(trial.summary for trial in self.trials)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        names = "".join(f"<th {LEFT}>{html.escape(one.server)}</th>" for one in self.trials)
        body = "".join(
            f"<tr><td {LEFT} title='{html.escape(one.sends, quote=True)}'>{html.escape(one.title)}"
            f"</td>{''.join(map(_cell, outcomes))}</tr>"
            for one, outcomes in self.rows()
        )
        return (
            f"<table><caption>{html.escape(self.summary)}</caption>"
            f"<tr><th {LEFT}>attack</th>{names}</tr>{body}</table>"
        )

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def plot(self) -> Figure:
        """Return the picture: a row for each attack, a column for each server, a shape for each."""
        from reactorkit.view.survival import survival

        return survival(
            [one.title for one, _ in self.rows()],
            [
                (trial.server, [(str(out.verdict), out.why) for out in trial.outcomes])
                for trial in self.trials
            ],
            title=f"Who survives {_attacks(len(self.rows()))}",
        )


LEFT = "style='text-align: left'"
# The chips of a verdict: background and text, contrast at least 4.5:1 (WCAG 2.2, 1.4.3).
CHIPS = {
    Verdict.ALIVE: ("#00704f", "#ffffff"),
    Verdict.FAULTY: ("#f0e442", "#000000"),
    Verdict.STALLED: ("#6a3d7c", "#ffffff"),
    Verdict.DEAD: ("#a84300", "#ffffff"),
}


def _attacks(number: int) -> str:
    return f"{number} attack{'' if number == 1 else 's'}"


def _words(outcome: Outcome) -> str:
    """Return an outcome in a few words, its shape first."""
    why = f": {outcome.why}" if outcome.why else ""
    return f"{outcome.verdict.mark} {outcome.verdict}{why}"


def _cell(outcome: Outcome) -> str:
    back, front = CHIPS[outcome.verdict]
    chip = (
        f"<span style='display: inline-block; padding: 1px 8px; border-radius: 4px; "
        f"background-color: {back}; color: {front}; font-weight: bold;'>"
        f"{outcome.verdict.mark} {outcome.verdict}</span>"
    )
    more = html.escape(outcome.last_words or outcome.saw, quote=True)
    return f"<td {LEFT} title='{more}'>{chip} {html.escape(outcome.why)}</td>"


def _plain(outcome: Outcome) -> dict[str, Any]:
    one = outcome.attack
    return {
        "id": one.id,
        "title": one.title,
        "group": one.group,
        "sends": one.sends,
        "cause": one.cause,
        "claims": list(one.claims),
        "verdict": str(outcome.verdict),
        "saw": outcome.saw,
        "error": outcome.error,
        "last_words": outcome.last_words,
        "fault": outcome.fault,
    }


# ------------------------------------------------------------------------- the attack


def attack(
    *targets: str | os.PathLike[str],
    only: str | Sequence[str] = (),
    service: str = "",
    progress: Progress | None = None,
) -> SurvivalTable:
    """Attack servers, each attack on a fresh one with innocent members online; returns the table.

    Arguments:
        targets: names of rungs, files with serve(listener), or what `edit` returned; all of one
            service.
        only: ids of attacks, or "fifteen" (the table of the lessons) or "rules" (what every server
            has to bear); all of them when empty.
        service: "echo" or "chat"; found out when empty.
        progress: wraps the attacks of each server, such as tqdm.

    Raises KitError when a server does not serve even before an attack.
    """
    if not targets:
        raise KitError('attack() needs a server: attack("chat_article").')
    words = [target_word(target) for target in targets]
    services = {service or service_of(word) for word in words}
    if len(services) > 1 or not services <= {ECHO, CHAT}:
        raise KitError(
            "Servers side by side have to serve the same, echo or chat; "
            f"these are for {' and '.join(sorted(services))}."
        )
    kind = services.pop()
    chosen = attacks_for(kind, only)
    if not chosen:
        raise KitError(f"None of these attacks is for a server of the kind {kind}.")
    trials = tuple(_trial(word, kind, chosen, progress) for word in words)
    return SurvivalTable(kind, trials)


def _trial(word: str, service: str, chosen: list[Attack], progress: Progress | None) -> Trial:
    rung = _rung(word)
    one_at_a_time = rung is not None and not rung.serves_many
    outcomes = tuple(
        run_attack(one, word, service, one_at_a_time)
        for one in (progress(chosen) if progress else chosen)
    )
    return Trial(Path(word).stem, outcomes)


def _rung(word: str) -> Rung | None:
    return next((rung for rung in LADDER if rung.name == word), None)


def service_of(word: str) -> str:
    """Return what a server serves: the ladder says it of a rung, a file's server is asked.

    Whoever gets back exactly what it has said is at an echo server.
    """
    if rung := _rung(word):
        return rung.service
    said = line("somebody", "hello")
    with Server(word) as server, Ears(server) as ears:
        ear = ears.connect()
        ear.say(said)
        ears.wait(lambda: len(ear.heard) >= len(said), of=ear, still=REST)
        return ECHO if ear.heard == said else CHAT
