"""Every attack there is, in the order of the table."""

from __future__ import annotations

from collections.abc import Sequence

from reactorkit.errors import KitError, nearest
from reactorkit.lab.attacks.lines import LINES, MORE_LINES
from reactorkit.lab.attacks.model import FIFTEEN, RULES, Attack
from reactorkit.lab.attacks.pressure import PRESSURE
from reactorkit.lab.attacks.wire import COMINGS_AND_GOINGS, HABITS

ATTACKS: tuple[Attack, ...] = (*LINES, *COMINGS_AND_GOINGS, *HABITS, *MORE_LINES, *PRESSURE)


def attacks_for(service: str, only: str | Sequence[str] = ()) -> list[Attack]:
    """Return the attacks on servers of a service, all or those chosen.

    only: ids, or the names of the groups: "fifteen" (the table of the lessons), "rules" (what
    every server has to bear). KitError when there is no such attack.
    """
    wanted = [only] if isinstance(only, str) else list(only)
    fitting = [one for one in ATTACKS if service in one.services]
    known = {FIFTEEN, RULES} | {one.id for one in ATTACKS}
    for word in wanted:
        if word not in known:
            raise KitError(
                f"There is no attack {word!r}.{nearest(word, known)} "
                f"There are: {', '.join(one.id for one in fitting)}; and the groups {FIFTEEN} "
                f"and {RULES}."
            )
    return [one for one in fitting if not wanted or {one.id, one.group} & {*wanted}]
