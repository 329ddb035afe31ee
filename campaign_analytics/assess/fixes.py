"""What to do about failing rules, one row a repair: which column to move, from what to what, by how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess import evidence
from campaign_analytics.assess.moves import Step, Subjects, tightest
from campaign_analytics.assess.remedies import remedy
from campaign_analytics.assess.sources import at_the_source
from campaign_analytics.assess.spelling import distance, spell_all, spell_cells, unit_of_distance
from campaign_analytics.assess.subject import Subject, find
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.book import Level
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_MEMBERS = ("add", "remove")


@dataclass(frozen=True, eq=False)
class _Piece:
    """The repairs of one rule by one step, and the places (among the subjects) of those that need it."""

    rule: str
    step: Step
    places: Array  # (repairs,) among all subjects asked for
    cells: Cells  # (repairs,) the column as it is
    cost: Cells | None  # (repairs,) what one piece costs, where the step sets a price
    follows: tuple[str, ...]  # failing rules that explain this failure

    def __len__(self) -> int:
        return len(self.places)


def fixes(assessment: Assessment, level: Level, rows: Array, lang: str = "en") -> pd.DataFrame:
    """What would make every failing blocking rule pass, for the subjects at ``rows`` (their order is kept).

    One row a repair, all of a rule's repairs together make it pass. Text columns are str:

    - the subject's keys; ``group``, ``rule``, ``clause``; ``column`` (the one to change: the table's own where a
      recipe only chose it) and its ``label``
    - ``action``: raise, lower, add, remove, switch_on, switch_off, choose, orders (the next orders all as wanted),
      supply (the value is missing or a range), none (no value of the column would do)
    - ``now`` and ``to`` as plain text without unit that reads back exactly (8.55, 90%, L2; ends of a range joined by
      "–", members of a set by ";"); ``names``: the members to add or remove, or the values among which to choose
    - ``by`` float64, in ``unit``: yuan, percentage points, days, steps, members, orders; NaN where nothing can be
      subtracted
    - ``lead_days`` int64, ``cure``, ``fix`` (the rulebook's words), ``note`` (what else must hold)
    - ``margin`` float64: what is left in yuan of a lowered price over the cost (``scoring.cost``), NaN where unknown
    - ``alternative_to``: the column that is proposed instead of this one, empty for what is proposed; ``option``
      int64: which alternative it is (one may have several rows), 0 for what is proposed
    - ``follows``: failing rules that explain this failure, joined by ";": with them gone it may be gone too
    - ``given``: the values by hand on which the rule rests, and where they come from; empty where none does
    """
    pieces = list(_pieces(assessment, Subjects(assessment, level, rows)))
    return _frame(assessment, level, rows, pieces, lang).drop(columns="place")


def fixes_of_one(
    assessment: Assessment, offer_id: str | None, merchant_id: str | None, lang: str = "en"
) -> pd.DataFrame:
    """See ``Assessment.fixes``."""
    if (offer_id is None) == (merchant_id is None):
        raise CampaignError("give either an offer_id or a merchant_id")
    level: Level = "merchants" if offer_id is None else "offers"
    one = find(assessment, level, f"{level[:-1]}_id", str(merchant_id if offer_id is None else offer_id))
    return fixes(assessment, level, np.array([one.row]), lang)


def placed_fixes(assessment: Assessment, level: Level, rows: Array, lang: str) -> pd.DataFrame:
    """The same with ``place`` (int64): which of ``rows`` a repair is for."""
    return _frame(assessment, level, rows, list(_pieces(assessment, Subjects(assessment, level, rows))), lang)


def subject_keys(assessment: Assessment, level: Level, rows: Array) -> pd.DataFrame:
    """The key columns (str) of the subjects at ``rows``."""
    names = ["offer_id", "merchant_id", assessment.book.header.category] if level == "offers" else ["merchant_id"]
    subjects = Subjects(assessment, level, rows)
    return pd.DataFrame(
        {name: subjects.cells(name).to_pandas().astype("str") for name in names}, index=pd.RangeIndex(len(rows))
    )


# ---- repairs


def _pieces(assessment: Assessment, subjects: Subjects) -> Iterator[_Piece]:
    book, level = assessment.book, subjects.level
    blocking = [rule for rule in assessment.rules_at(level) if rule in set(assessment.blocking)]
    failing = {rule: np.flatnonzero(_fails(assessment, subjects, rule)) for rule in blocking}
    for rule, places in failing.items():
        if not len(places):
            continue
        some = subjects.some(places)
        found = remedy(some, book.conditions[rule])
        steps = [each for step in found.steps for each in at_the_source(some, step)]
        helpless = ~np.isfinite(found.cost)
        if helpless.any():
            steps.append(Step(next(iter(book.columns_of(rule)), ""), "none", helpless))
        others = [other for other in book.rules[rule].follows if len(failing.get(other, ()))]
        for step in _merged(some, steps):
            for names, here in _following(others, failing, places, np.flatnonzero(step.where)):
                yield _piece(some, rule, step, places, here, names)


def _fails(assessment: Assessment, subjects: Subjects, rule: str) -> Array:
    word, bit = divmod(assessment.bits[rule], RULES_PER_WORD)
    failed: Array = (assessment.words[subjects.level][word, subjects.rows] >> np.uint64(bit) & np.uint64(1)) != 0
    return failed


def _merged(subjects: Subjects, steps: list[Step]) -> list[Step]:
    """Steps that move one column the same way made one."""
    merged: dict[Any, Step] = {}
    for step in steps:
        key = (step.column, step.action, step.alternative_to, step.option, step.choices)
        if key in merged:
            before = merged[key]
            where, to, known = before.where | step.where, step.to, step.known
            if step.to is None or before.to is None:
                to, known = (before.to, before.known) if step.to is None else (step.to, step.known)
            elif step.action in ("raise", "lower", *_MEMBERS):
                to = tightest(step, before.to, before.where)
            else:
                to = np.where(step.where, step.to, before.to)
            step = replace(step, where=where, to=to, known=known)
        merged[key] = step
    return [step for step in merged.values() if step.where.any()]


def _following(
    others: Sequence[str], failing: dict[str, Array], places: Array, here: Array
) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Split the places ``here`` by which of ``others`` fail there too."""
    codes = np.zeros(len(here), np.int64)
    for i, other in enumerate(others):
        codes |= np.isin(places[here], failing[other]).astype(np.int64) << i
    for code in np.unique(codes):
        yield tuple(other for i, other in enumerate(others) if code >> i & 1), here[codes == code]


def _piece(subjects: Subjects, rule: str, step: Step, places: Array, here: Array, follows: tuple[str, ...]) -> _Piece:
    def at(array: Any) -> Any:
        return None if array is None else np.asarray(array)[here]

    book = subjects.assessment.book
    cells = (
        subjects.cells(step.column).take(here)
        if step.column
        else Cells("text", np.zeros(len(here), np.int8), None, None, ("",))
    )
    cost, priced = book.document.scoring.cost, None
    if cost and step.action == "lower" and cells.type == "money" and book.table_of(step.column) == book.table_of(cost):
        priced = subjects.cells(cost).take(here)
    cut = replace(step, where=at(step.where), to=at(step.to), known=at(step.known), orders=at(step.orders))
    return _Piece(rule, cut, places[here], cells, priced, follows)


# ---- the table


def _frame(assessment: Assessment, level: Level, rows: Array, pieces: list[_Piece], lang: str) -> pd.DataFrame:
    book, zone = assessment.book, assessment.book.zone
    place = np.concatenate([np.zeros(0, np.int64), *(piece.places for piece in pieces)])
    order = np.argsort(place, kind="stable")
    number = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])[order]
    rules = [book.rules[piece.rule] for piece in pieces]

    def told(texts: list[str]) -> Any:
        """A text of each piece, for each of its repairs."""
        return pd.Series(texts, dtype="str").array.take(number)

    def joined(parts: list[Any], dtype: str = "str") -> Any:
        held = [pd.Series(part, dtype=dtype) for part in parts] or [pd.Series([], dtype=dtype)]
        return pd.concat(held, ignore_index=True).array.take(order)

    frame = subject_keys(assessment, level, rows[place[order]])
    columns = {
        "place": place[order],
        "group": told([rule.group or piece.rule for rule, piece in zip(rules, pieces, strict=True)]),
        "rule": told([piece.rule for piece in pieces]),
        "clause": told([rule.clause[0] for rule in rules]),
        "column": told([piece.step.column for piece in pieces]),
        "label": told([_label(assessment, piece, lang) for piece in pieces]),
        "action": told([piece.step.action for piece in pieces]),
        "now": joined([spell_cells(piece.cells, zone) for piece in pieces]),
        "to": joined([_to(assessment, piece) for piece in pieces]),
        "names": joined([_names(assessment, piece) for piece in pieces]),
        "by": joined([_by(piece) for piece in pieces], "float64"),
        "unit": told([_unit(assessment, piece, lang) for piece in pieces]),
        "lead_days": np.array([rule.lead_days for rule in rules], np.int64)[number],
        "cure": told([rule.cure for rule in rules]),
        "fix": told([rule.fix.say(lang) for rule in rules]),
        "note": told([_note(assessment, piece, lang) for piece in pieces]),
        "margin": joined([_margin(piece) for piece in pieces], "float64"),
        "alternative_to": told([piece.step.alternative_to for piece in pieces]),
        "option": np.array([piece.step.option for piece in pieces], np.int64)[number],
        "follows": told([";".join(piece.follows) for piece in pieces]),
        "given": joined([_given(assessment, level, rows[piece.places], piece.rule, lang) for piece in pieces]),
    }
    return frame.assign(**columns)


def _label(assessment: Assessment, piece: _Piece, lang: str) -> str:
    column = piece.step.column
    return assessment.book.quantity(column).label(lang, column) if column else ""


def _to(assessment: Assessment, piece: _Piece) -> Any:
    """(repairs,) texts: the values afterwards; empty where one is to be chosen or found out."""
    step = piece.step
    if step.to is None or len(step.choices) > 1:
        return pd.array([""], dtype="str").take(np.zeros(len(piece), np.int64))
    names = tuple(dict.fromkeys((*piece.cells.names, *step.choices)))
    texts = spell_all(step.to, replace(piece.cells, names=names), assessment.book.zone)
    if step.known is not None:
        texts[~step.known] = ""
    return texts


def _names(assessment: Assessment, piece: _Piece) -> Any:
    """(repairs,) texts: members to add or remove, or the values among which to choose."""
    step = piece.step
    if step.choices or step.action not in _MEMBERS:
        return pd.array([";".join(step.choices)], dtype="str").take(np.zeros(len(piece), np.int64))
    return spell_all(piece.cells.values ^ step.to, piece.cells, assessment.book.zone)


def _by(piece: _Piece) -> Array:
    step, held = piece.step, piece.cells
    if step.action == "orders":
        return np.asarray(step.orders, np.float64)
    if step.action in _MEMBERS:
        return np.ones(len(piece)) if step.choices else np.bitwise_count(held.values ^ step.to).astype(np.float64)
    if step.action not in ("raise", "lower"):
        return np.full(len(piece), np.nan)
    apart = distance(held.values, step.to, held.type)
    return apart if held.high is None else np.where(held.high != held.values, np.nan, apart)


def _unit(assessment: Assessment, piece: _Piece, lang: str) -> str:
    book, step = assessment.book, piece.step
    if step.action == "orders":
        counts = book.columns[step.column].counts
        assert counts is not None
        return book.unit_label(book.columns[counts[1]].unit, lang)
    if step.action in _MEMBERS:
        return say("members_unit", lang)
    if step.action not in ("raise", "lower"):
        return ""
    return unit_of_distance(book, step.column, lang)


def _note(assessment: Assessment, piece: _Piece, lang: str) -> str:
    made = assessment.book.derived.get(piece.step.column)
    if made is not None and made.make == "worst_row":
        return say("worst_row_note", lang)
    if piece.step.action == "orders":
        return say("orders_note", lang)
    if piece.step.action == "none":
        return say("none_note", lang)
    return ""


def _given(assessment: Assessment, level: Level, rows: Array, rule: str, lang: str) -> Array:
    """(repairs,) texts: what the rule reads that was given by hand; empty where nothing is."""
    texts = np.full(len(rows), "", object)
    names = sorted(assessment.book.columns_of(rule))
    rests = [code != 0 for code in evidence.codes(assessment, level, names, rows)]
    for place in np.flatnonzero(np.logical_or.reduce(rests)) if rests else ():
        subject = Subject(assessment, level, int(rows[place]))
        entries = dict.fromkeys(entry for name in names for entry in evidence.behind(subject, name))
        labels = (assessment.book.quantity(each.column).label(lang, each.column) for each in entries)
        told = zip(labels, (evidence.told([each], lang) for each in entries), strict=True)
        texts[place] = "; ".join(map(say("list", lang).join, told))
    return texts


def _margin(piece: _Piece) -> Array:
    """(repairs,) the price afterwards less the cost, in yuan; NaN where the cost is not known."""
    cost = piece.cost
    if cost is None:
        return np.full(len(piece), np.nan)
    left: Array = (np.asarray(piece.step.to, np.int64) - cost.values) / 100
    for gone in (cost.missing, None if cost.high is None else cost.high != cost.values):
        left = left if gone is None else np.where(gone, np.nan, left)
    return left
