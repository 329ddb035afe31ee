"""A whole market's report as one page: the answer, where offers are lost, what blocks them, what to do first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.assess.outcomes import VERDICTS
from campaign_analytics.charts.funnel import funnel
from campaign_analytics.charts.heatmap import miss_heatmap
from campaign_analytics.charts.tables import Table, table
from campaign_analytics.report.page import Html, figure, footer, grid, listing, page, text, tiles
from campaign_analytics.report.people import blockers_told, causes_told
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_MARKS = dict(zip(VERDICTS, ("good", "bad", "unsure"), strict=True))
_MOST = {"blockers": 15, "causes": 30, "hinges": 8, "by_hand": 50, "faults": 15, "quality": 25}  # rows of a table


def market_page(assessment: Assessment, lang: str = "en") -> str:
    """The report as HTML that needs nothing beside it. It names merchants: it is not for sending to one of them."""
    header = assessment.book.header
    return page(header.label(lang, assessment.book.id), lang, _parts(assessment, lang))


def _parts(assessment: Assessment, lang: str) -> Iterator[Html]:
    book = assessment.book
    yield text("h1", book.header.label(lang, book.id))
    yield from _answer(assessment, lang)
    yield from _section("funnel_heading", lang)
    yield figure(funnel(assessment, lang))
    yield from _section("blockers_heading", lang, "blockers_note")
    yield grid(blockers_told(assessment, assessment.blockers(), lang, _MOST["blockers"]))
    yield from _section("heatmap_heading", lang)
    yield figure(miss_heatmap(assessment, by=book.header.category, lang=lang))
    yield from _fixes(assessment, lang)
    yield from _hinges(assessment, lang)
    yield from _section("assumptions_heading", lang, "assumptions_note")
    assumed = assessment.assumptions(lang)
    assumed["value"] = assumed["value"].where(assumed["kind"] == "parameter", "")
    yield grid(_table(assessment, assumed[["clause", "name", "value", "note"]], lang))
    yield from _by_hand(assessment, lang)
    yield from _quality(assessment, lang)
    yield footer(assessment, lang)


def _section(key: str, lang: str, note: str = "") -> Iterator[Html]:
    yield text("h2", say(key, lang))
    if note:
        yield text("p", say(note, lang), "quiet")


def _answer(assessment: Assessment, lang: str) -> Iterator[Html]:
    source, offers, merchants, *notes = assessment.headline(lang).splitlines()
    yield text("p", source, "quiet")
    for level, line in (("offers", offers), ("merchants", merchants)):
        row = assessment.summary(level="offers" if level == "offers" else "merchants").iloc[0]
        yield text("p", " ".join(line.split()), "answer" if level == "offers" else "")
        yield tiles((f"{int(row[name]):,}", say(name, lang), _MARKS[name]) for name in VERDICTS)
    assumed = len(assessment.assumptions())
    if assumed:  # the last line of a headline tells analysts where to look
        notes = [*notes[:-1], say("assumptions_counted", lang, count=assumed)]
    if notes:
        yield listing(notes)


def _fixes(assessment: Assessment, lang: str) -> Iterator[Html]:
    near = assessment.near_misses()
    causes = near.causes(lang)
    yield from _section("causes_heading", lang)
    yield text("p", say("near_misses_counted", lang, count=len(near), most=near.at_most))
    if near.warnings(lang):
        yield listing(near.warnings(lang))
    shared = causes[causes[near.level] > 1].reset_index(drop=True)
    if len(shared):
        yield grid(causes_told(assessment, shared, lang, _MOST["causes"]), note=say("causes_note", lang))
    if len(causes) > len(shared):
        yield text("p", say("causes_single", lang, count=len(causes) - len(shared)))


def _hinges(assessment: Assessment, lang: str) -> Iterator[Html]:
    found = assessment.hinges().rename(columns={"missing": "open_without"})
    if len(found):
        yield from _section("hinges_heading", lang, "hinges_note")
        yield grid(_table(assessment, found, lang, _MOST["hinges"]))


def _by_hand(assessment: Assessment, lang: str) -> Iterator[Html]:
    if assessment.market.overrides:
        yield from _section("by_hand_heading", lang, "by_hand_note")
        yield grid(_table(assessment, assessment.overrides(), lang, _MOST["by_hand"]))


def _quality(assessment: Assessment, lang: str) -> Iterator[Html]:
    quality = assessment.market.quality
    if quality is None:  # a market that was not read from files
        return
    yield from _section("quality_heading", lang, "quality_note")
    yield grid(_table(assessment, quality.rows(), lang))
    faults = assessment.faults(lang=lang)
    if len(faults):
        yield text("h3", say("faults_heading", lang))
        yield text("p", say("faults_note", lang), "quiet")
        yield grid(_table(assessment, faults, lang, _MOST["faults"]))
        yield text("h3", say("quality_findings", lang))
    found = quality.summary(lang)
    yield grid(_table(assessment, found[found["kind"] != "empty"].reset_index(drop=True), lang, _MOST["quality"]))


def _table(assessment: Assessment, frame: pd.DataFrame, lang: str, rows: int | None = None) -> Table:
    return table(frame, assessment.book, lang, len(frame) if rows is None else rows)
