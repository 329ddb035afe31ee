"""Benefits that a notice names: who is entitled, how sure they are, and what the next one needs. No money is invented.

An offer is entitled where it is pre-qualified, inside the quotas, and the benefit's own condition holds; a merchant
takes part through its offers, so it is entitled where it qualifies and one of its offers does and is inside the quotas.
All of it rests on the platform's approval, which is still to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.explain import Card
from campaign_analytics.assess.outcomes import INELIGIBLE, OPEN, OVER, PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.assess.ranking import IDS
from campaign_analytics.assess.sentences import Teller
from campaign_analytics.assess.subject import Subject, find
from campaign_analytics.assess.widened import widened
from campaign_analytics.derive.making import columns_for
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.condition import parse
from campaign_analytics.rulebook.exact import bind, opened
from campaign_analytics.rulebook.model import Clause
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.rulebook.tree import Col, Tree, operands
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_MOST_NEEDS = 3  # rules told of one subject, before the rest is counted
COLUMNS = ("clause", "benefit", "level", "grade", "entitled", "open", "not_yet", "next")


def benefits(assessment: Assessment, offer_id: str | None, merchant_id: str | None, lang: str) -> pd.DataFrame:
    """See ``Assessment.benefits``."""
    if offer_id is not None and merchant_id is not None:
        raise ValueError("benefits of one subject: give either offer_id or merchant_id")
    rows: dict[Level, Array]
    if offer_id is not None:
        one = find(assessment, "offers", "offer_id", offer_id)
        rows = {"offers": np.array([one.row]), "merchants": np.array([one.merchant] if one.merchant >= 0 else [], int)}
    elif merchant_id is not None:
        row = find(assessment, "merchants", "merchant_id", merchant_id).row
        rows = {"offers": np.flatnonzero(assessment.market.merchant_row == row), "merchants": np.array([row])}
    else:
        rows = {level: np.arange(assessment.market.tables[level].rows) for level in ("offers", "merchants")}
    return benefits_of(assessment, rows, lang)


def benefits_of(assessment: Assessment, rows: dict[Level, Array], lang: str) -> pd.DataFrame:
    """One row a benefit clause for the offers and merchants in ``rows``; see ``Assessment.benefits``."""
    clauses = assessment.book.document.clauses
    found = [Benefit(assessment, name) for name, clause in clauses.items() if clause.kind == "benefit"]
    frame = pd.DataFrame([each.row(rows[each.level], lang) for each in found], columns=list(COLUMNS))
    frame = frame.astype(dict.fromkeys(("entitled", "open", "not_yet"), "int64"))
    frame = frame.astype(dict.fromkeys(("clause", "benefit", "level", "grade", "next"), "str"))
    frame.attrs["note"] = say("benefits_note", lang)
    frame.attrs["assumption"] = say("scoring_assumption", lang)  # it orders who comes next
    return frame


@dataclass(frozen=True, eq=False)
class Benefit:
    """One benefit clause over an assessment."""

    assessment: Assessment
    name: str

    @property
    def clause(self) -> Clause:
        return self.assessment.book.document.clauses[self.name]

    @cached_property
    def when(self) -> Tree | None:
        """Its own condition; None where it has none."""
        if not self.clause.when:
            return None
        book = self.assessment.book
        currency = book.header.currency
        columns = {name: kind_of(book.quantity(name), book.lists, currency) for name in (*book.columns, *book.derived)}
        parameters = {name: kind_of(held, book.lists, currency) for name, held in book.parameters.items()}
        return parse(self.clause.when, columns, parameters)[0]  # the loader has read it before

    @cached_property
    def _columns(self) -> list[str]:
        named = operands(self.when) if self.when is not None else ()
        return list(dict.fromkeys(each.name for each in named if isinstance(each, Col)))

    @property
    def level(self) -> Level:
        """ "merchants" for a merchant's benefit, unless its condition reads a column of offers."""
        book = self.assessment.book
        own = any(book.table_of(n) == "offers" for n in self._columns if n in book.columns or n in book.derived)
        return "merchants" if self.clause.level == "merchant" and not own else "offers"

    @cached_property
    def wide(self) -> Assessment:
        """The assessment with the derived columns that the condition reads."""
        return widened(self.assessment, self._columns)

    @cached_property
    def state(self) -> Array:
        """(subjects,) int8: ``PRE_QUALIFIED`` for entitled, ``UNDETERMINED`` for open, ``INELIGIBLE`` for not yet."""
        held, market = self.assessment, self.assessment.market
        state, offers = held.verdict(self.level), _taking_part(held)
        if self.level == "merchants":
            best = np.full(len(state) + 1, INELIGIBLE, np.int8)  # the last is no merchant: an orphan's
            for verdict in (UNDETERMINED, PRE_QUALIFIED):
                best[market.merchant_row[offers == verdict]] = verdict
            state = np.where(state == INELIGIBLE, INELIGIBLE, np.where(state == PRE_QUALIFIED, best[:-1], UNDETERMINED))
            state[best[:-1] == INELIGIBLE] = INELIGIBLE
        else:
            state = offers
        if self.when is not None:
            values = {**held.book.values, **held.moment.clock}
            exact = opened(bind(self.when, values), self.wide.unmade)
            cells = columns_for(self.wide.market, held.book, [exact], self.level)
            no, unknown = evaluate(exact, cells, len(state))
            state = np.where(no, INELIGIBLE, np.where(unknown & (state == PRE_QUALIFIED), UNDETERMINED, state))
        return state.astype(np.int8)

    def row(self, rows: Array, lang: str) -> list[object]:
        """The values of ``COLUMNS`` for the subjects in ``rows``."""
        counts = np.bincount(self.state[rows], minlength=3)
        said = self.clause.label(lang, self.name)
        note = self.clause.note.say(lang)
        benefit = f"{said} ({note})" if note else said
        grade = say(f"grade_{self.clause.grade}", lang) if self.clause.grade else ""
        numbers = [counts[PRE_QUALIFIED], counts[UNDETERMINED], counts[INELIGIBLE]]
        return [self.name, benefit, self.level, grade, *numbers, self.next(rows, lang)]

    def next(self, rows: Array, lang: str) -> str:
        """Who is closest to the benefit without being entitled, by our own order, and what it needs; "" for nobody."""
        waiting = rows[self.state[rows] != PRE_QUALIFIED]
        if not len(waiting):
            return ""
        row = int(waiting[np.argmin(self.assessment.scoring(self.level).place[waiting])])
        subject = Subject(self.assessment, self.level, row)
        needs = unmet(subject, lang)
        if self.when is not None:
            teller = Teller(Subject(self.wide, self.level, row), lang)
            needs += [teller.sentence(self.when)] if teller.truth(self.when) is not True else []
        if self.level == "offers" and self.assessment.cuts.standing[row] in (OVER, OPEN):
            needs.append(say("benefit_over_quota", lang))
        needs = needs or [say("benefit_no_offer", lang)]
        return say("benefit_next", lang, id=subject.value(IDS[self.level]), needs=say("and", lang).join(needs))


def _taking_part(assessment: Assessment) -> Array:
    """(offers,) int8 codes into ``VERDICTS``: who is over a quota takes no part, however it qualifies."""
    state, standing = assessment.verdict("offers"), assessment.cuts.standing
    state[standing == OVER] = INELIGIBLE
    state[standing == OPEN] = UNDETERMINED
    return state


def unmet(subject: Subject, lang: str) -> list[str]:
    """What keeps a subject from passing, a sentence a rule: the rules that fail, else those that cannot be decided."""
    lines = [line for line in Card(subject, lang).lines if line.severity == "block"]
    for outcome in ("fail", "unknown"):
        told = [
            say("rule_says", lang, rule=line.label, what=line.sentence) for line in lines if line.outcome == outcome
        ]
        if told:
            more = len(told) - _MOST_NEEDS
            return told[:_MOST_NEEDS] + ([say("more_rules", lang, count=more)] if more > 0 else [])
    return []
