"""A rulebook run over a market: every rule's outcome for every merchant and offer, and the verdicts that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cached_property

import pandas as pd

from campaign_analytics.assess import blockers, views
from campaign_analytics.assess.applied import applied
from campaign_analytics.assess.benefits import benefits
from campaign_analytics.assess.blockers import Patterns
from campaign_analytics.assess.checks import rule_checks
from campaign_analytics.assess.deadlines import deadlines
from campaign_analytics.assess.evaluated import Evaluated, Judged
from campaign_analytics.assess.evidence import overrides
from campaign_analytics.assess.explain import Card, explain
from campaign_analytics.assess.faults import faults
from campaign_analytics.assess.fixes import fixes_of_one
from campaign_analytics.assess.headline import headline
from campaign_analytics.assess.hinges import hinges
from campaign_analytics.assess.links import Links, links
from campaign_analytics.assess.masks import bits_of
from campaign_analytics.assess.metrics import metrics
from campaign_analytics.assess.moment import moment_of
from campaign_analytics.assess.near_misses import NearMisses, near_misses
from campaign_analytics.assess.quotas import Cuts
from campaign_analytics.assess.ranking import Scoring, scores
from campaign_analytics.assess.scorecard import Scorecard
from campaign_analytics.assess.scorecards import category_scorecard, merchant_scorecard
from campaign_analytics.assess.scoring_notes import scoring_notes
from campaign_analytics.assess.tiers import Tiers, checked_level, every_ladder, tiers_of
from campaign_analytics.derive import Derivation, derive
from campaign_analytics.derive.making import Moment
from campaign_analytics.engines.arrays import Program, Progress, Runs
from campaign_analytics.market.by_hand import in_force
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Level, Rulebook


def assess(
    market: Market,
    rulebook: Rulebook,
    as_of: str | date | datetime | None = None,
    progress: Progress | None = None,
    program: type[Runs] = Program,
) -> Assessment:
    """Run every active rule of ``rulebook`` over ``market``; ``program`` is the engine that does.

    ``as_of`` is the moment of the assessment, in the rulebook's time zone if none is given; a day means its first
    moment. Left
    out, it is what the market declares, else its latest ``snapshot_at``; else ``CampaignError``. ``progress`` is
    called with the offers done and the offers in all.
    """
    moment = Moment(moment_of(market, rulebook, as_of))
    market.merchant_row  # noqa: B018  (joined once, before copies of the market are made)
    market = in_force(market, rulebook, moment.as_of.date())
    return assessed(derive(market, rulebook, moment, columns_read(rulebook)), rulebook, moment, progress, program)


def columns_read(rulebook: Rulebook) -> set[str]:
    """The columns, read or derived, that the active rules name."""
    return {name for rule in rulebook.active for name in rulebook.columns_of(rule)}


def assessed(
    derivation: Derivation,
    rulebook: Rulebook,
    moment: Moment,
    progress: Progress | None = None,
    program: type[Runs] = Program,
    judged: Judged | None = None,
) -> Assessment:
    """Run every active rule over a market that has its derived columns; ``program`` is the engine that does.

    With ``judged`` merchants are not judged again, and their columns need not be there.
    """
    made, unmade, partly = derivation
    active = rulebook.active
    assessment = Assessment(
        book=rulebook,
        market=made,
        moment=moment,
        rules=active,
        not_computed=tuple(rule for rule in active if (unmade | partly).intersection(rulebook.columns_of(rule))),
        unmade=unmade,
        bits=bits_of(rulebook, active),
        words={},
        program=program,
    )
    if judged is None:
        return replace(assessment, words=assessment.run(assessment.trees, True, progress))
    assessment = replace(assessment, words=assessment.run(assessment.trees, True, progress, judged.words))
    assessment.__dict__["not_applicable"] = assessment.run(assessment.guards, merchants=judged.outside)
    return assessment


class Assessment(Evaluated):
    """Who qualifies, and every rule's outcome. Every view is derived from the masks and computed when asked."""

    def scoring(self, level: Level = "offers") -> Scoring:
        """Our own indices of every subject and its place in their order. Assumptions: no verdict follows from them."""
        return self._scoring.setdefault(level, Scoring(self, level))

    @cached_property
    def _scoring(self) -> dict[Level, Scoring]:
        return {}

    def patterns(self, level: Level = "offers") -> Patterns:
        """Every combination of failing and unknown blocking rules that occurs, and who has it; found once a level."""
        views.checked(level)
        if level not in self._patterns:
            self._patterns[level] = blockers.patterns(self, level)
        return self._patterns[level]

    @cached_property
    def _patterns(self) -> dict[Level, Patterns]:
        return {}

    @cached_property
    def cuts(self) -> Cuts:
        """The quotas over this assessment; made once, when they are first asked for."""
        return Cuts(self)

    @cached_property
    def ladders(self) -> tuple[Tiers, ...]:
        """The ladders on which rules in force stand, over this assessment."""
        return every_ladder(self)

    # ---- views

    def verdicts(self) -> pd.DataFrame:
        """One row an offer: offer_id, merchant_id (str), the category column, verdict (categorical)."""
        return views.verdicts(self)

    def outcomes(self, level: Level = "offers") -> pd.DataFrame:
        """One row a subject: its key columns, then a categorical column a rule with the outcomes of ``OUTCOMES``."""
        return views.outcomes(self, level)

    def summary(self, by: str | None = None, level: Level = "offers", weight: str | None = None) -> pd.DataFrame:
        """Counts of verdicts: pre_qualified, ineligible, undetermined (int64) and their total, named after the level.

        ``by`` names a column of the market to group by (a first column of that name; a missing value is a class of
        its own, named ""), or "size": how many offers the merchant has, in the bands 1, 2-9, 10-99, 100+. The
        largest class comes first. With ``weight``, a column of numbers (the rulebook's ``scoring.weights`` are the
        suggested ones; "offers" weighs a merchant by how many it has), these are sums of it (float64), their total is
        called weight, and weight_missing (int64) tells how many subjects count as 0 because theirs is missing.
        Raises ``CampaignError`` for an unknown column.
        """
        return views.summary(self, by, level, weight)

    def offers(self, verdict: str | None = None) -> pd.DataFrame:
        """One row an offer: offer_id, merchant_id, category, verdict, then rule ids joined by ";" (str).

        failed and unknown name blocking rules, its merchant's included; not_applicable every rule whose guard is
        false; warned the warning rules that fail; not_computed the rules that want a derived column to be decided.
        Where the rulebook has quotas, over_quota names those that cut a pre-qualified offer, quota_unknown those that
        cannot be told; where it has a ladder of offers, a categorical column of its name has the tier.
        """
        return views.offers(self, verdict)

    def merchants(self, verdict: str | None = None) -> pd.DataFrame:
        """One row a merchant: merchant_id, verdict of its own rules, the lists of ``offers()``, offers, pre_qualified.

        ``offers`` and ``pre_qualified`` (int64) count its offers and those of them that qualify, ``over_quota`` where
        there are quotas those of the latter that are surely over one. A ladder of merchants has a column of its name.
        """
        return views.merchants(self, verdict)

    def tiers(self, ladder: str | None = None, level: Level | None = None) -> pd.DataFrame:
        """The tier of every merchant, or offer, on a ladder (its only one if none is named), one row a subject.

        Its key columns, verdict, then categoricals, lowest tier first: tier (the highest whose rules all surely hold,
        missing where there is none or the subject does not pre-qualify), possible_tier (the highest that is not ruled
        out by what is unknown; missing too where the subject is ineligible) and next_tier, the one above tier; last
        the ladder's rules that keep it from that, ids joined by ";" (str): lacks, which fail, and open, unknown.
        ``level`` is the ladder's own if left out: that of offers where a rule of it reads their columns. Raises
        ``CampaignError`` where no tier can be told: no such ladder, no rule of it in force, or merchants asked for
        where tiers are of offers.
        """
        held = tiers_of(self, ladder)
        return held.table(checked_level(held, level))

    def at_tier(self, tier: str, ladder: str | None = None) -> Assessment:
        """The rules of a ladder alone, at one tier's values: what a tier needs of whom, with every view of an
        assessment. Raises ``CampaignError`` for a tier that there is not, and as ``tiers`` does."""
        return tiers_of(self, ladder).of(tier)

    def quotas(self) -> pd.DataFrame:
        """One row a quota in force and group: quota, clause, per, group (str), limit and limit_at_most (Int64, whole
        offers; apart where it is known only as a range, the latter missing where it is not known at all), and counts
        (int64) of the group's offers: offers, pre_qualified = cut_before (over an earlier quota already) +
        admitted + over_quota + quota_unknown, and undetermined, who take no place until they are decided.

        Quotas act in the file's order on those that are left; offers whose group is not known are a row with group
        "". ``quotas`` of the package's ``assess`` says how places are told.
        """
        return self.cuts.table()

    def placed(self) -> pd.DataFrame:
        """One row a quota and pre-qualified offer that comes to it, in the quota's order, missing values last.

        Columns: quota, offer_id, merchant_id, group (str), place and place_at_most (int64, from 1; apart where values
        that order are missing or ranges, or an earlier quota cannot be told), limit and limit_at_most (Int64),
        standing (admitted, over_quota or quota_unknown). Ties are broken by the rulebook's rank, then by id.
        """
        return self.cuts.placed()

    def misses(self, by: str | None = None) -> pd.DataFrame:
        """One row a group and rule: the group column, rule, clause, level, then counts of the group's offers.

        The counts (int64) fail, unknown, not_applicable, not_computed and pass add up to offers.
        """
        return views.misses(self, by)

    def funnel(self) -> pd.DataFrame:
        """One row a clause that blocks, in order: clause, rules, entering, lost_fail, lost_unknown, left (int64).

        Each offer leaves at the first clause that it does not surely pass; entering = lost_fail + lost_unknown + left.
        """
        return views.funnel(self)

    def blockers(self, by: str | None = None, level: Level = "offers", weight: str | None = None) -> pd.DataFrame:
        """Which rules cost whom: one row a class of ``by`` (as in ``summary``) and group of overlapping rules.

        Columns: the class (str, where ``by`` is given), group, rules (ids joined by ";"), clause (of the first), then
        counts of subjects. With f the groups in which a subject fails, u those in which it is unknown and does not
        fail (a rule that follows from a failing one is in neither):
        fails: the group is in f; sole: f is this group alone;
        charged (float64): 1/|f| of every ineligible subject to each group in f, adding up to the class's ineligible;
        charged_unknown (float64): 1/|u| of every undetermined one to each in u, adding up to the undetermined;
        admitted_certain: who surely qualifies if the group is dropped: admitted_from_ineligible (f is this group
        alone, u is empty) and admitted_from_undetermined (u is this group alone, f is empty);
        admitted_at_most: ineligible ones who qualify if it is dropped and all their unknowns pass (any u);
        last the class's total, named after the level.
        Counts are int64. With ``weight`` (as in ``summary``) all are float64 sums of it, the total is called weight,
        and weight_missing (int64) counts the class's subjects that count as 0. The largest class comes first, in it
        the group with the highest charged, then charged_unknown, then the earliest clause. A rule that is not
        computed is in f where it surely fails, never in u. Raises ``CampaignError`` for an unknown column.
        """
        return blockers.blockers(self, by, level, weight)

    def co_failures(self, level: Level = "offers", weight: str | None = None) -> pd.DataFrame:
        """How many subjects (int64; with ``weight`` its sum, float64) fail in both of two groups: a square table with
        groups as index and columns, in clause order; on its diagonal those who fail in the group at all."""
        return blockers.co_failures(self, level, weight)

    def combinations(self, level: Level = "offers", at_most: int = 12) -> pd.DataFrame:
        """The combinations of groups in which subjects fail, the most frequent first, at most so many rows.

        Columns: groups (ids joined by ";", clause order), failing (how many they are), combinations (1), and the
        count of subjects named after the level (int64). All others stand in a last row without groups, failing 0,
        combinations telling how many they are; so the counts add up to the ineligible.
        """
        return blockers.failing_combinations(self, level, at_most)

    def rule_checks(self) -> pd.DataFrame:
        """What the market says of the blocking rules: finding, rules (ids joined by ";"), clauses, level (str),
        subjects (int64: how many there are of that level), and the finding as a sentence, zh and en.

        contradictory: every subject fails the rule, or one of the pair (no rule of which all fail is in a pair);
        redundant: an overlap group that fails somewhere and whose dropping changes no verdict of an offer or merchant;
        never_fails: a rule, wholly computed, that no subject fails. An offer rule is judged once an offer, a merchant
        rule once a merchant; a level without subjects says nothing.
        """
        return rule_checks(self)

    def hinges(self, level: Level = "offers") -> pd.DataFrame:
        """Which missing data leaves verdicts open, the column that settles most first: column, table, rules (those
        that it leaves unknown, joined by ";"), and of the undetermined subjects (int64) missing: those for which a
        cell of the column, missing or known only as a range, makes a rule unknown; decided: those whose verdict is
        settled if that cell alone is supplied, whatever its value. ``assess.hinges`` says exactly how.

        Columns are those of the tables; a derived one stands for itself where no cell behind it is missing. Offers
        without a merchant are a row of their own, merchant_id, which one column cannot settle.
        """
        return hinges(self, level)

    def faults(self, level: Level = "offers", lang: str = "en") -> pd.DataFrame:
        """What to repair first: a row a table, column, kind and reason of faulty cells (and example, str), with counts.

        Counts (int64): cells; of the verdicts of the level, undetermined: those that the fault leaves open; decided:
        those of them that are settled if its cells are known, whatever their values; in_doubt: decided ones that rest
        on its doubted cells. The most decided first. ``assess.faults`` says exactly how.
        """
        return faults(self, level, lang)

    def explain(self, offer_id: str | None = None, *, merchant_id: str | None = None, lang: str = "en") -> Card:
        """The card of one offer or one merchant: every rule with value, threshold, gap, outcome and origin.

        It shows itself as text and as HTML; ``to_dict()`` gives plain values. Raises ``CampaignError`` for an unknown
        id, with the closest one.
        """
        return explain(self, offer_id, merchant_id, lang)

    def scores(self, level: Level = "offers") -> pd.DataFrame:
        """Indices of ours, one row a subject, best first. Assumptions (column basis): no verdict follows from them.

        Keys, verdict, readiness_low and readiness_high (0-100; apart where data is missing or known as a range),
        coverage (0-1), headroom (in scales; missing where nothing has one), failing_groups (int), lead_days (Int64;
        missing where something cannot be cured), for merchants enrolled, taking_part (int, offers) and participation
        (0-1); rank, from 1, and tied, the number of others that differ in their id alone.
        """
        return scores(self, level)

    def scoring_notes(self, lang: str = "en") -> str:
        """What our indices are made of: weights, credits, scales and the order, a line each."""
        return scoring_notes(self, lang)

    def merchant_scorecard(self, merchant_id: str, lang: str = "en") -> Scorecard:
        """One merchant: its verdicts, the platform's scores as they are, our indices (assumptions), its benefits.

        Names no other merchant. Raises ``CampaignError`` for an unknown id, with the closest one.
        """
        return merchant_scorecard(self, merchant_id, lang)

    def category_scorecard(self, category: str, lang: str = "en") -> Scorecard:
        """The same of the offers of one category ("" = those without one). Raises ``CampaignError`` if it has none."""
        return category_scorecard(self, category, lang)

    def links(self, lang: str = "en") -> Links:
        """Which accounts are one user, where the record of one costs the others, and how they are linked:
        ``.clusters()``, ``.accounts()``, ``.ignored()``, ``.review()``, ``.ties()``, ``.steps()``. Names merchants side
        by side: for operators alone.

        Of the first rule in force that reads the records of linked accounts; ``CampaignError`` where none does."""
        return links(self, lang)

    def benefits(
        self, offer_id: str | None = None, *, merchant_id: str | None = None, lang: str = "en"
    ) -> pd.DataFrame:
        """One row a benefit of the notice: clause, benefit, level, grade, entitled, open, not_yet (int64), next.

        The counts are of offers or merchants (``level``): of all, of one merchant or of one offer. Entitled means
        pre-qualified, with the benefit's own condition met; ``next`` tells who is closest without being entitled, by
        our own order, and what it needs. Raises ``CampaignError`` for an unknown id.
        """
        return benefits(self, offer_id, merchant_id, lang)

    def overrides(self) -> pd.DataFrame:
        """The values that were given by hand, a row each: subject, table, column, given (what was written), standing,
        in_files (what the files have there, "" = nothing), source, entered_by (str), dated, valid_until (datetime64),
        file, row.

        standing, those to look at first: conflicting (others in force say otherwise) and not_understood leave the cell
        unknown; expired (valid_until is before the day of the assessment) and not_here (no such subject on this day)
        change nothing; in_force decides.
        """
        return overrides(self)

    def assumptions(self, lang: str = "en") -> pd.DataFrame:
        """What the notice leaves open and we assumed: kind (parameter or rule), name, clause, value, note."""
        return views.assumptions(self, lang)

    def near_misses(self, at_most: int | None = None, level: Level = "offers") -> NearMisses:
        """Subjects that fail in at most ``at_most`` groups (the rulebook's ``scoring.near_miss_groups``), all of it
        curable in the days left: ``.table()``, ``.fixes()``, ``.causes()``, ``.warnings()``. Raises ``CampaignError``
        for less than 1."""
        return near_misses(self, at_most, level)

    def metrics(self, level: Level = "offers") -> pd.DataFrame:
        """What the notice defines and no rule in force need ask for, one row a subject: its keys (str), then a column a
        measure that a clause names (money in yuan, days as datetime64); missing where it is not known exactly."""
        return metrics(self, level)

    def deadlines(self, lang: str = "en") -> pd.DataFrame:
        """By when to submit for a review that is over in time, one row a reading: rule, clause, label, reading,
        needed_by, submit_by (datetime64), days_left (Int64), in_force (bool); see ``deadlines.deadlines``."""
        return deadlines(self.book, self.as_of, lang)

    def fixes(self, offer_id: str | None = None, *, merchant_id: str | None = None, lang: str = "en") -> pd.DataFrame:
        """Every repair that one offer (its merchant's included) or one merchant needs; columns as told in ``fixes``.

        Raises ``CampaignError`` for an unknown id, with the closest one."""
        return fixes_of_one(self, offer_id, merchant_id, lang)

    def apply(self, fixes: pd.DataFrame) -> Market:
        """The market as it would be with the repairs in ``fixes`` (rows of such a table) made, to be assessed again.

        Of repairs that move one cell the same way the furthest counts, of an open choice the first value; an
        alternative is left out where what it replaces is there. Raises ``CampaignError`` for what cannot be done."""
        return applied(self, fixes)

    def headline(self, lang: str = "en") -> str:
        """How many offers and merchants qualify, fail, or cannot be decided, and what stands outside every verdict."""
        return headline(self, lang)

    def __repr__(self) -> str:
        return self.headline()
