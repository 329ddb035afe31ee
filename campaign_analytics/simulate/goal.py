"""What to change, as little as possible, so that so many offers qualify."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.assess.views import one_by_one
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.model import Words
from campaign_analytics.rulebook.scenario import Scenario
from campaign_analytics.rulebook.values import read_value
from campaign_analytics.simulate.moving import deciding, name_of, sliders
from campaign_analytics.simulate.reaching import FINE, Reaching, Setting
from campaign_analytics.simulate.together import Together
from campaign_analytics.simulate.where import Where, among
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.simulate.what_if import WhatIf

_MANY = 5  # alternatives at most


@dataclass(frozen=True)
class Move:
    """One slider of an alternative: its name, both values as in ``Rulebook.values``, and the way in scales."""

    name: str
    now: Any
    then: Any
    cost: float


@dataclass(frozen=True, eq=False)
class Alternative:
    """One way to reach the target. Its scenario can be loaded: ``what_if.load(alternative.scenario)``."""

    scenario: Scenario
    moves: tuple[Move, ...]
    cost: float  # scales moved, summed: an assumption of ours
    pre_qualified: int
    undetermined: int


@dataclass(frozen=True, eq=False)
class Goal:
    """The answer: the alternatives, the smallest change first; none where the target cannot be reached."""

    book: Rulebook  # from which the sliders move
    over: tuple[str, ...]  # the sliders that may move
    offers: int  # that are looked at
    now: int  # of them qualify as it stands
    undetermined: int
    target: int
    most: Alternative  # all sliders where most offers qualify
    alternatives: tuple[Alternative, ...]

    def table(self, lang: str = "en") -> pd.DataFrame:
        """A row a change of each alternative: alternative (from 1), name, label, clause, now, then (as people write
        them), moved (float64, scales); and of the alternative cost (their sum), pre_qualified, change, undetermined
        (int64 offers, before quotas). Costs are an assumption of ours; see ``basis``."""
        rows = [
            [
                number, move.name, *_named(self.book, move.name, lang), *_shown(self.book, move, lang), move.cost,
                each.cost, each.pre_qualified, each.pre_qualified - self.now, each.undetermined,
            ]
            for number, each in enumerate(self.alternatives, 1)
            for move in each.moves
        ]  # fmt: skip
        types: dict[str, Any] = {"alternative": np.int64}
        types |= dict.fromkeys(("name", "label", "clause", "now", "then"), "str")
        types |= {"moved": np.float64, "cost": np.float64}
        types |= dict.fromkeys(("pre_qualified", "change", "undetermined"), np.int64)
        return pd.DataFrame(rows, columns=list(types)).astype(types)

    def headline(self, lang: str = "en") -> str:
        """The answer in a sentence: the smallest change, or how many can qualify at most."""
        counts = {"target": self.target, "now": self.now, "offers": self.offers, "most": self.most.pre_qualified}
        if self.target <= self.now:
            return say("goal_there", lang, **counts)
        if not self.alternatives:
            return say("goal_not", lang, count=len(self.over), **counts)
        first = self.alternatives[0]
        return say("goal_answer", lang, then=first.pre_qualified, what=first.scenario.name.say(lang), **counts)

    def basis(self, lang: str = "en") -> str:
        """What makes one change smaller than another: an assumption of ours."""
        return say("goal_basis", lang)

    def __repr__(self) -> str:
        return f"{self.headline()}\n{self.basis()}"


def goal_seek(
    what_if: WhatIf,
    gain: Any,
    reach: int | None,
    where: Where | None,
    over: Sequence[str] | None,
    progress: Progress | None,
) -> Goal:
    """See ``WhatIf.goal_seek``."""
    one_by_one(what_if.baseline)
    now = what_if.assessment
    rows: Array | slice = np.flatnonzero(among(now, where)) if where else slice(None)
    offers, good, open_ = _counts(now, rows)
    target = _target(what_if.book, gain, reach, good)
    names = tuple(dict.fromkeys(movable(what_if) if over is None else [over] if isinstance(over, str) else over))
    if not names:
        raise CampaignError("there is no slider to move: name parameters in over=")
    search = Reaching(what_if, names, rows, progress)
    most, loosest = search.most()
    found = search.alternatives(target, _MANY) if good < target <= most else []
    best, *others = (_alternative(what_if, search, each, rows) for each in (loosest, *found))
    return Goal(what_if.book, names, offers, good, open_, target, best, tuple(others))


def movable(what_if: WhatIf) -> list[str]:
    """The sliders of amounts and levels on which verdicts depend, and whose places need not be tried one by one."""
    book = what_if.book
    held = [
        name_of(slider)
        for slider in sliders(book)
        if deciding(book, slider.parameter)
        and book.places(slider.parameter)
        and book.parameters[slider.parameter].type != "flag"
        and slider.held(book.values[slider.parameter]) is not None  # without a value nothing can be loosened
        and slider.parameter not in what_if.recipe_parameters
    ]
    return [axis.name for axis in Together.of(what_if, held).axes if axis.told]


def _target(book: Rulebook, gain: Any, reach: int | None, now: int) -> int:
    if (gain is None) == (reach is None):
        raise CampaignError('say either gain= (a share of those that qualify now, 0.2 or "20%") or reach= (how many)')
    if reach is not None:
        if isinstance(reach, bool) or not isinstance(reach, int) or reach < 1:
            raise CampaignError(f"reach={reach!r} is no number of offers; give a whole number from 1")
        return reach
    try:
        share: Any = read_value(gain, "rate", zone=book.zone)
    except ValueFault as fault:
        raise CampaignError(f"gain: {fault}") from None
    if share is None or share <= 0:
        raise CampaignError(f"gain={gain!r} is no gain; give a share above 0")
    if not now:
        raise CampaignError("no offer qualifies now, so there is nothing to gain a share of; give reach=, how many")
    return math.ceil(now * (1 + Fraction(share)))


def _counts(assessment: Assessment, rows: Array | slice) -> tuple[int, int, int]:
    """How many offers are looked at, qualify, and are undetermined."""
    verdicts = assessment.verdict("offers")[rows]
    return len(verdicts), int((verdicts == PRE_QUALIFIED).sum()), int((verdicts == UNDETERMINED).sum())


def _alternative(what_if: WhatIf, search: Reaching, setting: Setting, rows: Array | slice) -> Alternative:
    """A setting as a scenario, counted by an assessment of its own."""
    axes = {axis.name: axis for axis in search.axes}
    moves = tuple(
        Move(name, axis.values[axis.present], axis.values[place], int(search.prices[name][place]) / FINE)
        for name, place in setting.places.items()
        if (axis := axes[name])
    )
    book = search.rulebook(setting)
    _, good, open_ = _counts(what_if.assessed(book), rows)
    scenario = Scenario(_name(what_if.book, moves), what_if.baseline.book, book)
    return Alternative(scenario, moves, sum(move.cost for move in moves), good, open_)


def _name(book: Rulebook, moves: Sequence[Move]) -> Words:
    texts = {
        lang: say("list", lang).join(f"{_named(book, m.name, lang)[0]} {_shown(book, m, lang)[1]}" for m in moves)
        for lang in ("zh", "en")
    }
    return Words(**texts)


def _named(book: Rulebook, name: str, lang: str) -> tuple[str, str]:
    """Label and clause of a slider."""
    parameter, _, of = name.removesuffix("]").partition("[")
    held = book.parameters[parameter]
    label = held.label(lang, parameter)
    return say("scenario_of", lang, label=label, of=of) if of else label, ";".join(held.clause)


def _shown(book: Rulebook, move: Move, lang: str) -> tuple[str, str]:
    parameter = move.name.partition("[")[0]
    return book.show(parameter, move.now, lang), book.show(parameter, move.then, lang)
