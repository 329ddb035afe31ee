"""Why subjects do not qualify, one row a subject and rule: a sentence, the values behind it, and what to do."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess import evidence
from campaign_analytics.assess.causes import in_words
from campaign_analytics.assess.explain import told
from campaign_analytics.assess.fixes import placed_fixes, subject_keys
from campaign_analytics.assess.outcomes import FAIL, OUTCOMES, UNKNOWN, VERDICTS
from campaign_analytics.assess.sentences import Reason, Teller
from campaign_analytics.assess.subject import Subject
from campaign_analytics.derive.making import on_rows
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.rulebook.values import MINOR_UNITS
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_OF_COLUMN = ("type", "names")  # of ``Cells``; all else is said of each cell
_TOLD = ("sentence", "found", "needed", "gap", "unit", "supply")
_TEXTS = ("sentence", "found", "needed", "unit", "fix", "advice")


def failures(
    assessment: Assessment, level: Level = "offers", lang: str = "en", rows: Array | None = None
) -> pd.DataFrame:
    """One row a subject and blocking rule that it fails or that cannot be decided; subjects as in the market.

    ``rows`` (n,) are the subjects to look at, all of the level if left out. Columns, texts as str: the subject's keys,
    its verdict; rule (id), label, clause, ``level`` of the rule, outcome ("fail", "unknown"); sentence; of the
    comparisons that decide, found and needed; gap (float64, below 0 = short) and its unit where there is one gap to
    tell; fix (what to do, in words), advice (the rulebook's words, where it fails) and lead_days (Int64, likewise).
    Subjects whose cells are alike share one telling, so a million rows cost as much as the different ones among them.
    """
    rows = np.arange(assessment.market.tables[level].rows) if rows is None else rows
    rules = [rule for rule in assessment.rules_at(level) if rule in set(assessment.blocking)]
    parts = [_of_rule(assessment, level, rule, rows, lang) for rule in rules]
    place = np.concatenate([np.zeros(0, np.int64), *(part.pop("place").to_numpy(np.int64) for part in parts)])
    order = np.argsort(place, kind="stable")
    place = place[order]
    frame = subject_keys(assessment, level, rows[place])
    frame["verdict"] = pd.array(np.array(VERDICTS)[assessment.verdict(level)[rows[place]]], dtype="str")
    told_of = pd.concat(parts, ignore_index=True).take(order) if parts else _none()
    frame = pd.concat([frame, told_of.reset_index(drop=True)], axis=1)
    failed = (frame["outcome"] == OUTCOMES[FAIL]).to_numpy()
    frame["fix"] = np.where(failed, _repairs(assessment, level, rows, place, frame["rule"], lang), frame.pop("supply"))
    held = {rule: assessment.book.rules[rule] for rule in rules}
    frame["advice"] = frame["rule"].map({rule: each.fix.say(lang) for rule, each in held.items()}).where(failed, "")
    frame["lead_days"] = frame["rule"].map({rule: each.lead_days for rule, each in held.items()}).where(failed)
    return frame.astype({**dict.fromkeys(_TEXTS, "str"), "gap": np.float64, "lead_days": "Int64"})


def _none() -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(dtype="str") for name in ("rule", "label", "clause", "level", "outcome", *_TOLD)}
    )


def _of_rule(assessment: Assessment, level: Level, rule: str, rows: Array, lang: str) -> pd.DataFrame:
    """The subjects (``place`` in ``rows``) that the rule keeps out, each with what is told of it."""
    outcome = assessment.outcome(rule, level)[rows]
    place = np.flatnonzero((outcome == FAIL) | (outcome == UNKNOWN))
    outcome = outcome[place]
    of, example = _alike(assessment, level, rule, rows[place], outcome)
    each = [_told(assessment, level, rule, rows[place[i]], int(outcome[i]), lang) for i in example]
    held = assessment.book.rules[rule]
    same = {"rule": rule, "label": held.label(lang, rule), "clause": held.clause[0]}
    frame = pd.DataFrame({name: pd.Series([text], dtype="str") for name, text in same.items()})
    frame["level"] = pd.Series([assessment.book.level(rule)], dtype="str")
    frame = frame.take(np.zeros(len(place), np.int64)).reset_index(drop=True)
    frame["outcome"] = pd.Series(np.array(OUTCOMES)[outcome], dtype="str")
    told_of = pd.DataFrame(each, columns=list(_TOLD)).take(of).reset_index(drop=True)
    return pd.concat([frame, told_of], axis=1).assign(place=place)


def _alike(assessment: Assessment, level: Level, rule: str, rows: Array, outcome: Array) -> tuple[Array, Array]:
    """(n,) a number for each combination of outcome and cells of the rule's columns, and one subject of each."""
    book, market = assessment.book, assessment.market
    varying = [book.values[name] for name in book.parameters_of(rule)]
    names = dict.fromkeys([*book.columns_of(rule), *(held.by for held in varying if isinstance(held, PerValue))])
    parts: list[Any] = [outcome]
    if level == "offers":
        parts.append(market.merchant_row[rows] < 0)
    for name in names:
        held = on_rows(market, book, name, level).take(rows)
        of_cells = [getattr(held, each.name) for each in fields(held) if each.name not in _OF_COLUMN]
        parts += [part for part in of_cells if part is not None]
    parts += evidence.codes(assessment, level, names, rows)
    of = np.zeros(len(rows), np.int64)
    for part in parts:
        within, distinct = pd.factorize(part)
        of, _ = pd.factorize(of * (len(distinct) + 1) + within)
    _, example = np.unique(of, return_index=True)
    return of, example


def _told(assessment: Assessment, level: Level, rule: str, row: int, outcome: int, lang: str) -> tuple[Any, ...]:
    teller = Teller(Subject(assessment, level, int(row)), lang)
    reasons, sentence = told(teller, rule, outcome)
    deciding = [reason for reason in reasons if reason.outcome is not True] or reasons
    named = dict.fromkeys(reason.column for reason in deciding if reason.column)
    shown = {teller.label(name): _shown(teller, name) for name in named}
    found = [*shown.values()] if len(shown) == 1 else [f"{what}{say('is', lang)}{now}" for what, now in shown.items()]
    needed = dict.fromkeys(reason.needs for reason in deciding if reason.needs)
    missing = [teller.label(name) for name in named if teller.subject.value(name) is None]
    supply = say("supply_data", lang, what=say("list", lang).join(missing)) if missing else ""
    between = say("and", lang)
    gap, unit = _gap(assessment.book, deciding, lang)
    return sentence, between.join(found), between.join(needed), gap, unit, supply


def _shown(teller: Teller, name: str) -> str:
    if name in teller.subject.assessment.unmade:
        return say("not_computed", teller.lang)
    book = teller.book
    return teller.shown_cell(name, kind_of(book.quantity(name), book.lists, book.header.currency))


def _gap(book: Rulebook, reasons: list[Reason], lang: str) -> tuple[float, str]:
    """The gap as people count it, where one comparison decides or all that do are equally far off."""
    gaps = {(reason.gap, book.quantity(reason.column).type) for reason in reasons if reason.column}
    if len(gaps) != 1:
        return np.nan, ""
    ((gap, kind),) = gaps
    if gap is None:
        return np.nan, ""
    size = {"money": 1 / MINOR_UNITS, "rate": 100, "time": timedelta(microseconds=1) / timedelta(days=1)}.get(kind, 1)
    unit = {"rate": "percent_points", "level": "level_steps", "day": "days_unit", "time": "days_unit"}.get(kind)
    if unit:
        return float(gap) * size, say(unit, lang)
    column = next(reason.column for reason in reasons if reason.column)
    own = book.header.currency if kind == "money" else book.unit_label(book.quantity(column).unit, lang)
    return round(float(gap) * size, 6), own


def _repairs(
    assessment: Assessment, level: Level, rows: Array, place: Array, rules: pd.Series[Any], lang: str
) -> list[str]:
    """What to do about each row, in words: the proposed repairs of its rule; "" where it only waits for data."""
    subjects, at = np.unique(place, return_inverse=True)
    if not len(subjects):
        return []
    table = placed_fixes(assessment, level, rows[subjects], lang)
    table = table[table["alternative_to"] == ""].reset_index(drop=True)
    table = table.assign(what=in_words(table, lang)).drop_duplicates(["place", "rule", "what"])
    several = table.duplicated(["place", "rule"], keep=False)
    one, more = table[~several], table[several].groupby(["place", "rule"], sort=False)["what"]
    texts: dict[Any, str] = dict(zip(zip(one["place"], one["rule"], strict=True), one["what"], strict=True))
    texts |= more.agg(say("and", lang).join).to_dict()
    return [texts.get(pair, "") for pair in zip(at.tolist(), rules, strict=True)]
