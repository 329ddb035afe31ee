"""What one merchant is told: how it stands, what keeps its offers out, what to do. Nothing of any other merchant.

Everything here is read from the merchant's own rows; origins of cells, our indices and the order among merchants are
left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.after_gate import after_the_gate
from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.assess.scorecard import Fact
from campaign_analytics.assess.subject import Subject, find
from campaign_analytics.charts.tables import Table, table
from campaign_analytics.market.schema import Array
from campaign_analytics.report.failures import failures
from campaign_analytics.report.page import Html, footer, grid, listing, page, source_line, text, tiles, verdict
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_ROWS = 500  # of a table on the page; the workbook has all
_SHOWN = ["outcome", "clause", "rule", "sentence", "fix", "advice", "lead_days"]
_MARKS = dict(zip(VERDICTS, ("good", "bad", "unsure"), strict=True))


@dataclass(frozen=True, eq=False)
class MerchantReport:
    """One merchant's page and workbook. ``row`` is its row in the market."""

    assessment: Assessment
    row: int
    lang: str

    @property
    def merchant_id(self) -> str:
        """Its id, as in the market."""
        return str(self.assessment.market.merchants.cells["merchant_id"].values[self.row])

    @cached_property
    def offers(self) -> Array:
        """(n,) the rows of its offers."""
        return np.flatnonzero(self.assessment.market.merchant_row == self.row)

    @cached_property
    def verdict(self) -> str:
        """The verdict of its own rules."""
        return VERDICTS[self.assessment.verdict("merchants")[self.row]]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many of its offers have each verdict."""
        held = np.bincount(self.assessment.verdict()[self.offers], minlength=len(VERDICTS))
        return {name: int(count) for name, count in zip(VERDICTS, held, strict=True)}

    @cached_property
    def own(self) -> pd.DataFrame:
        """Its own rules that it fails or that cannot be decided: see ``failures``."""
        return failures(self.assessment, "merchants", self.lang, np.array([self.row]))

    @cached_property
    def of_offers(self) -> pd.DataFrame:
        """What keeps its offers out besides: the rules of offers alone."""
        found = failures(self.assessment, "offers", self.lang, self.offers)
        return found[found["level"] == "offers"].reset_index(drop=True)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """What it can do once for several offers; what one offer alone needs stands with that offer."""
        found = self.assessment.near_misses().causes(self.lang)
        found = found[(found["merchant_id"] == self.merchant_id) & (found["offers"] > 1)]
        return found.drop(columns=["merchant_id", "group"]).reset_index(drop=True)

    @cached_property
    def assumed(self) -> pd.DataFrame:
        """Assumptions of ours at the clauses that keep it or its offers out."""
        told = self.assessment.assumptions(self.lang)
        clauses = {*self.own["clause"], *self.of_offers["clause"]}
        told = told[
            told["clause"].map(lambda named: not clauses.isdisjoint(named.split(";"))).astype(bool)
        ].reset_index(drop=True)
        told["value"] = told["value"].where(told["kind"] == "parameter", "")
        return told[["clause", "name", "value", "note"]]

    @cached_property
    def after(self) -> tuple[Fact, ...]:
        """Its tiers, and how many of its offers are over quota."""
        return after_the_gate(Subject(self.assessment, "merchants", self.row), self.lang)

    @cached_property
    def by_hand(self) -> pd.DataFrame:
        """The values of it and of its offers that were given by hand, with where they come from."""
        held = self.assessment.overrides()
        keys = self.assessment.market.offers.cells["offer_id"].values[self.offers]
        own = np.where(held["table"] == "merchants", held["subject"] == self.merchant_id, held["subject"].isin(keys))
        return held[own].drop(columns=["table", "file", "row"]).reset_index(drop=True)

    # ---- words

    @property
    def title(self) -> str:
        book = self.assessment.book
        label = book.quantity("merchant_id").label(self.lang, "merchant_id")
        return f"{book.header.label(self.lang, book.id)}: {label} {self.merchant_id}"

    @property
    def answer(self) -> str:
        """One sentence: how many of its offers qualify."""
        return say("merchant_answer", self.lang, good=self.counts["pre_qualified"], offers=len(self.offers))

    def _notes(self) -> list[str]:
        """What is to be known before anybody acts on it."""
        assessment, lang = self.assessment, self.lang
        notes = [say("merchant_precheck", lang), *assessment.near_misses().warnings(lang)]
        later = [assessment.book.rules[rule].label(lang, rule) for rule in assessment.not_computed]
        return notes + ([say("headline_not_computed", lang, rules=say("list", lang).join(later))] if later else [])

    # ---- faces

    def html(self) -> str:
        """The page, standing alone."""
        return page(self.title, self.lang, self._parts())

    def _parts(self) -> Iterator[Html]:
        lang = self.lang
        yield text("h1", self.title)
        yield Html(f'<p class="answer">{verdict(self.verdict, lang).markup} · {text("span", self.answer).markup}</p>')
        yield tiles((f"{self.counts[name]:,}", say(name, lang), _MARKS[name]) for name in VERDICTS)
        if self.after:
            yield listing([f"{fact.label}: {fact.text}" for fact in self.after])
        yield text("h2", say("merchant_own", lang))
        yield from self._own_parts()
        if len(self.causes):
            yield text("h2", say("merchant_causes", lang))
            yield text("p", say("merchant_causes_note", lang), "quiet")
            yield grid(self._table(self.causes))
        yield text("h2", say("merchant_offers", lang))
        if len(self.of_offers):
            yield grid(self._table(_filled(self.of_offers[[*self._keys, *_SHOWN]])), "outcome")
        else:
            yield text("p", say("merchant_offers_fine", lang))
        if len(self.by_hand):
            yield text("h2", say("by_hand_heading", lang))
            yield grid(self._table(_filled(self.by_hand)))
        yield text("h2", say("merchant_notes", lang))
        yield listing(self._notes())
        if len(self.assumed):
            yield text("h2", say("assumptions_heading", lang))
            yield grid(self._table(self.assumed))
        yield footer(self.assessment, lang)

    def _own_parts(self) -> Iterator[Html]:
        if len(self.own):
            yield grid(self._table(_filled(self.own[_SHOWN])), "outcome")
        else:
            yield text("p", say("merchant_own_fine", self.lang))

    def sheets(self) -> dict[str, Table]:
        """The workbook: how it stands, its own rules, what to do once, its offers and what keeps them out."""
        lang = self.lang
        held = self.assessment.offers().iloc[self.offers].reset_index(drop=True)
        quotas = [name for name in ("over_quota", "quota_unknown") if name in held]
        about = [
            (self.assessment.book.quantity("merchant_id").label(lang, "merchant_id"), self.merchant_id),
            (say("verdict", lang), say(self.verdict, lang)),
            (say("offers", lang), self.answer),
            *((fact.label, fact.text) for fact in self.after),
            *((say("note", lang), note) for note in self._notes()),
            (say("basis_of_it", lang), source_line(self.assessment, lang)),
        ]
        frames = {
            "summary_sheet": pd.DataFrame(about, columns=["topic", "said"], dtype="str"),
            "merchant_own": self.own[_SHOWN],
            "merchant_causes": self.causes,
            "merchant_offers": self.of_offers[[*self._keys, *_SHOWN]],
            "by_hand_heading": self.by_hand,
            "all_offers": held[[*self._keys, "verdict", "failed", "unknown", *quotas]],
        }
        return {say(name, lang): self._table(frame, rows=len(frame)) for name, frame in frames.items() if len(frame)}

    @property
    def _keys(self) -> list[str]:
        return ["offer_id", self.assessment.book.header.category]

    def _table(self, frame: pd.DataFrame, rows: int = _ROWS) -> Table:
        return table(frame, self.assessment.book, self.lang, rows)


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the columns in which nothing stands."""
    return frame.loc[:, (frame.notna() & (frame.astype("str") != "")).any()]


def merchant_report(assessment: Assessment, merchant_id: str, lang: str = "en") -> MerchantReport:
    """The report of one merchant. Raises ``CampaignError`` for an unknown id, with the closest one."""
    return MerchantReport(assessment, find(assessment, "merchants", "merchant_id", merchant_id).row, lang)
