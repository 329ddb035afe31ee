"""Another rulebook over the same market: what is set is assessed again in what it changes, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from campaign_analytics.assess.assessment import Assessment, assess
from campaign_analytics.assess.masks import masks
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.scenario import Scenario, differences, named, switched
from campaign_analytics.simulate import sensitivity, tables
from campaign_analytics.simulate.at_rest import Assessable, AtRest
from campaign_analytics.simulate.coded import CodedMarket
from campaign_analytics.simulate.flips import flips
from campaign_analytics.simulate.frontier import frontier
from campaign_analytics.simulate.goal import Goal, goal_seek
from campaign_analytics.simulate.hand import Hand, in_hand
from campaign_analytics.simulate.ledger import ledger
from campaign_analytics.simulate.noise import Noise, noise
from campaign_analytics.simulate.positions import Positions, Slider
from campaign_analytics.simulate.segments import segments
from campaign_analytics.simulate.standing import Groups, Standing, standing_of
from campaign_analytics.simulate.surface import surface
from campaign_analytics.simulate.where import Where, among

if TYPE_CHECKING:
    import pandas as pd

    from campaign_analytics.engines.arrays import Progress
    from campaign_analytics.rulebook.book import Level, Rulebook
    from campaign_analytics.rulebook.exact import Exact


class WhatIf:
    """An assessment and a rulebook that may be changed; whatever is asked equals a full assessment of that rulebook.

    Of an index it is of that index's ``assessment()``."""

    def __init__(self, assessment: Assessment | Assessable) -> None:
        if isinstance(assessment, Assessable):
            assessment = assessment.assessment()
        if not isinstance(assessment, Assessment):
            raise CampaignError(
                f"{type(assessment).__name__}: a what-if and a dashboard are of an assessment, which assess, "
                "what_if_cube or open_cube gives, or of an index: Index.open or build_index"
            )
        self.baseline = assessment
        self.book: Rulebook = assessment.book
        self._bases = [assessment.coded if isinstance(assessment, AtRest) else CodedMarket(assessment)]
        self._now = assessment

    # ---- what is set

    def set(self, changes: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Give parameters other values, spelled as in the rulebook's file ("85%", 3000, "L2", "none").

        Raises ``CampaignError`` for an unknown name, a value of the wrong type, or values that contradict each other;
        nothing is changed then.
        """
        return self._take(lambda: self.book.set(changes, **more))

    def switch_off(self, *rules: str) -> Self:
        """Leave rules out. Raises ``CampaignError`` for an unknown one."""
        return self._take(lambda: self.book.switch(dict.fromkeys(rules, "off")))

    def switch_on(self, *rules: str) -> Self:
        """Let rules count again as they do in the baseline. Raises ``CampaignError`` for an unknown one."""
        known = self.baseline.book.rules
        return self._take(
            lambda: self.book.switch({rule: known[rule].severity if rule in known else "" for rule in rules})
        )

    def _take(self, change: Callable[[], Rulebook]) -> Self:
        try:
            self.book = change()
        except ValueFault as fault:
            raise CampaignError(str(fault)) from None
        return self

    def reset(self, *names: str) -> Self:
        """Give parameters ("x", or its one value "x[...]") their values of the baseline again, and rules their
        severity; without names, all of them. Raises ``CampaignError`` for an unknown one, or where values would
        contradict each other."""
        if not names:
            self.book = self.baseline.book
            return self
        values, severities = dict(self.book.values), dict(self.book.severities)
        for name in names:
            if name in self.book.rules and name not in self.book.parameters:
                severities[name] = self.baseline.book.rules[name].severity
                continue
            slider = self.slider(name)
            values[slider.parameter] = slider.put(
                values[slider.parameter], slider.held(self.baseline.book.values[slider.parameter])
            )
        warned = [fault for fault in self.book.warnings if fault.place not in names]
        warned += [fault for fault in self.baseline.book.warnings if fault.place in names]
        self.book = _consistent(replace(self.book, values=values, severities=severities, warnings=tuple(warned)))
        return self

    def load(self, scenario: Scenario) -> Self:
        """Take over what a scenario changes; what it leaves alone is as in the baseline.

        Raises ``CampaignError`` for a scenario of another rulebook.
        """
        if scenario.book.hash != self.baseline.book.hash:
            raise CampaignError(
                f"the scenario is of {scenario.book.id} {scenario.book.version} ({scenario.book.hash[:12]}), this "
                f"market is assessed by {self.book.id} {self.book.version} ({self.book.hash[:12]})"
            )
        self.book = scenario.book
        return self

    def scenario(self, name: str) -> Scenario:
        """What is set now, under a name."""
        return Scenario(named(name), self.baseline.book, self.book)

    def at(self, book: Rulebook) -> WhatIf:
        """The same market and baseline with other values set, whether or not they contradict each other; what is coded
        is shared."""
        other = copy(self)
        other.book = book
        return other

    @property
    def changed(self) -> tuple[str, ...]:
        """The parameters ("x", or one value "x[...]") whose values differ from the baseline's, and the rules that are
        switched on or off."""
        return (*differences(self.baseline.book, self.book), *switched(self.baseline.book, self.book))

    # ---- what follows

    @property
    def assessment(self) -> Assessment:
        """The assessment of the rulebook as it is set: that of ``assess``, made from what it has changed."""
        if self._now.book is not self.book:
            self._now = self.assessed(self.book)
        return self._now

    def summary(
        self,
        by: str | None = None,
        level: Level = "offers",
        weight: str | None = None,
        where: Where | None = None,
        lang: str = "en",
    ) -> pd.DataFrame:
        """Counts before quotas, one row a class of ``by``; classes and ``weight`` as in ``Assessment.summary``.

        The class (str, where ``by`` is given), baseline: who qualified there; pre_qualified: who does as it is set;
        change: the difference, gained less lost; gained: who came in, lost: who dropped out; undetermined, ineligible,
        and their total, named after the level (int64). With ``weight`` these are sums of it (float64), the total is
        called weight, and weight_missing (int64) tells how many count as 0. ``where`` picks subjects by values of their
        columns. Raises ``CampaignError`` for an unknown column, or a value that nobody has.
        """
        return tables.summary(self, by, level, weight, where, lang)

    def flips(
        self, level: Level = "offers", n: int | None = None, where: Where | None = None, lang: str = "en"
    ) -> pd.DataFrame:
        """Who came in and who dropped out, one row a subject: those that came in first, of both the nearest first.

        The subject's keys (str); was, now: its verdicts (categorical); turned: "came_in" or "dropped_out"; rules: ids,
        joined by ";", of those that failed or were unknown before, or do now; then, of the comparison that decides,
        clause; gap: what there is to spare, or below 0 what is short, to the threshold in force (float64 in ``unit``:
        yuan, percentage points, days, steps; NaN where nothing can be subtracted); unit; because: its sentence.
        Nearest is measured by the gap over the threshold's way from its old place. ``n`` picks the first rows. The
        sentences are what takes time, some 0.2 ms each; equal cells have one.
        """
        return flips(self, level, n, where, lang)

    def compare(self, *scenarios: Scenario, by: str | None = None, lang: str = "en") -> pd.DataFrame:
        """Scenarios side by side; how it is set now does not matter, and stays.

        The first row is for all offers, the others are the classes of ``by``. Columns in two levels: "baseline" with
        pre_qualified and offers, then each scenario's name with pre_qualified, change, gained and lost against the
        baseline (int64). Raises ``CampaignError`` for a scenario of another rulebook.
        """
        return tables.compare(self, scenarios, by, lang)

    def standing(self, by: str | None = None, where: Where | None = None) -> Standing:
        """How things stand as it is set, against the baseline, for the offers of ``where`` in the classes of ``by``."""
        return standing_of(self.assessment, self._groups(by, where))

    def hand(self, name: str, by: str | None = None, where: Where | None = None) -> Hand | None:
        """The slider of a parameter ("x": of all that have no value of their own; "x[...]": one value) in hand.

        None where it has no positions: a set, a choice, a parameter that feeds a recipe or is compared for equality,
        one that loosens some rules and tightens others. Raises ``CampaignError`` for an unknown one.
        """
        slider = self.slider(name)
        grid = tuple(self.baseline.book.places(slider.parameter))
        if not grid or slider.parameter in self.recipe_parameters:
            return None
        book = self.book
        if slider.held(book.values[slider.parameter]) is None:  # its rules are dormant until it has a value
            book = replace(
                book, values={**book.values, slider.parameter: slider.put(book.values[slider.parameter], grid[0])}
            )
        now = self.assessment if book is self.book else self.assessed(book)
        return in_hand(Positions(self.coded(book), book, slider), now, self._groups(by, where))

    # ---- many values at once

    def curve(
        self,
        parameter: str,
        by: str | None = None,
        level: Level = "offers",
        weight: str | None = None,
        where: Where | None = None,
        lang: str = "en",
    ) -> pd.DataFrame:
        """How many qualify at every value of a parameter: ``curves`` of one, however long its values take."""
        return sensitivity.curve(self, parameter, by, level, weight, where, lang)

    def curves(
        self,
        by: str | None = None,
        level: Level = "offers",
        weight: str | None = None,
        where: Where | None = None,
        lang: str = "en",
        parameters: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """How many qualify at every value of every parameter: see ``sensitivity.curves``."""
        return sensitivity.curves(self, by, level, weight, where, lang, parameters)

    def marginal_gains(self, weight: str | None = None, where: Where | None = None, lang: str = "en") -> pd.DataFrame:
        """What the next step of each parameter would give, the best first: see ``sensitivity.marginal_gains``."""
        return sensitivity.marginal_gains(self, weight, where, lang)

    def surface(
        self,
        p: str,
        q: str,
        by: str | None = None,
        weight: str | None = None,
        where: Where | None = None,
        lang: str = "en",
    ) -> pd.DataFrame:
        """How many qualify at every pair of values of two parameters: see ``surface.surface``."""
        return surface(self, p, q, by, weight, where, lang)

    # ---- what to set

    def goal_seek(
        self,
        gain: Any = None,
        *,
        reach: int | None = None,
        where: Where | None = None,
        over: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Goal:
        """The smallest changes from how it is set now that let ``gain`` (0.2, "20%") more offers qualify, or ``reach``
        of them; of the offers of ``where`` alone, if given. Exact over whole places of the sliders.

        ``over`` names the parameters that may move ("x", or one value "x[...]"); left out, all amounts and levels with
        a slider on which verdicts depend. How large a change is, is an assumption of ours: ``Goal.basis``. Counts are
        before quotas. ``progress`` is called with the combinations looked at and those in all where sliders have to be
        tried. Raises ``CampaignError`` for an unknown parameter, or one without a slider.
        """
        return goal_seek(self, gain, reach, where, over, progress)

    def frontier(
        self,
        p: str,
        q: str,
        quality: str | Sequence[str] | None = None,
        where: Where | None = None,
        lang: str = "en",
        progress: Progress | None = None,
    ) -> pd.DataFrame:
        """How many offers qualify against how good they are, by pairs of values of two parameters: see
        ``frontier.frontier``."""
        return frontier(self, p, q, quality, where, lang, progress)

    def noise(self, name: str | None = None, level: Level = "offers", confidence: float = 0.95) -> Noise:
        """Which verdicts rest on so few orders that chance alone could turn them: of all rules that compare a rate
        which comes with its count, or of those of one rule or parameter.

        The answer has ``table()``, ``subjects()``, ``headline()``. ``confidence`` is an assumption of ours, told with
        it: ``basis()``. Raises ``CampaignError`` for a name that there is not, or whose rules compare no such rate.
        """
        return noise(self, name, level, confidence)

    def ledger(self, lang: str = "en", progress: Progress | None = None) -> pd.DataFrame:
        """How much hinges on each default of ours, flipped one at a time: see ``ledger.ledger``."""
        return ledger(self, lang, progress)

    def segments(
        self,
        by: str | Sequence[str] | None = None,
        level: Level = "offers",
        where: Where | None = None,
        lang: str = "en",
    ) -> pd.DataFrame:
        """Whom the change that is set now hits, by segment: see ``segments.segments``."""
        return segments(self, by, level, where, lang)

    # ---- parts

    def slider(self, name: str) -> Slider:
        """A parameter, or its one value, by name. Raises ``CampaignError`` for an unknown one."""
        try:
            self.book.put(name, "none")  # refused for what is no parameter, or no value of one
        except ValueFault as fault:
            raise CampaignError(str(fault)) from None
        return Slider.read(name)

    def _groups(self, by: str | None, where: Where | None) -> Groups:
        key = (by, repr(sorted((where or {}).items())))
        if key not in self._classes:
            self._classes[key] = Groups.of(self.baseline, by, among(self.baseline, where) if where else None)
        return self._classes[key]

    @cached_property
    def _classes(self) -> dict[tuple[str | None, str], Groups]:
        return {}

    # ---- assessing

    @cached_property
    def recipe_parameters(self) -> frozenset[str]:
        """The parameters that feed a recipe: they have no positions."""
        book = self.baseline.book
        return frozenset(name for derived in book.derived for name in book.recipe_parameters(derived))

    def coded(self, book: Rulebook) -> CodedMarket:
        """A coded market that holds every column that the active rules of ``book`` read."""
        for market in self._bases:
            if self._fits(market.basis, book):
                return market
        if isinstance(self.baseline, AtRest):
            raise self.baseline.refused([*differences(self.baseline.book, book)])
        basis = assess(self.baseline.market, book, self.baseline.as_of)
        self._bases = [self._bases[0], CodedMarket(basis)]
        return self._bases[1]

    def _fits(self, basis: Assessment, book: Rulebook) -> bool:
        same = all(book.values[name] == basis.book.values[name] for name in self.recipe_parameters)
        return same and set(book.active) <= set(basis.rules)

    def assessed(self, book: Rulebook, merchants: Array | None = None) -> Assessment:
        """The assessment of a rulebook that differs from the baseline's in values and severities alone; ``merchants``
        are the words of these, where they are known already."""
        if isinstance(self.baseline, AtRest):
            self.baseline.check(book)
        market = self.coded(book)
        basis = market.basis
        moved = [rule for rule in book.active if _moved(rule, basis.book, book)]
        return replace(
            basis,
            book=book,
            rules=book.active,
            not_computed=tuple(rule for rule in book.active if rule in basis.not_computed),
            words=_overlaid(market, book, moved, merchants) if moved else basis.words,
        )


def _moved(rule: str, before: Rulebook, now: Rulebook) -> bool:
    return any(before.values[name] != now.values[name] for name in now.parameters_of(rule))


def _overlaid(market: CodedMarket, book: Rulebook, moved: list[str], merchants: Array | None) -> dict[Level, Array]:
    """The masks of a coded market's assessment, with those of the rules in ``moved`` made again."""
    basis = market.basis
    rules: dict[Level, list[tuple[int, Exact]]] = {"merchants": [], "offers": []}
    for rule in moved:
        level = book.level(rule)
        rules[level].append((basis.bits[rule], market.condition(book.whole(rule), level, book.values)))
    count = len(basis.words["merchants"])
    made = masks(basis.market, rules, market.columns, count, orphans_unknown=True, merchants=merchants)
    stays = ~(basis.mask(moved) | basis.mask(moved, unknown=True))[:, None]
    made["offers"] |= basis.words["offers"] & stays
    if merchants is None:
        made["merchants"] |= basis.words["merchants"] & stays
    return made


def _consistent(book: Rulebook) -> Rulebook:
    for requirement, holds in book.requirements().items():
        if not holds:
            raise CampaignError(f"these values contradict each other: {requirement} must hold")
    return book
