"""Tables derived from an assessment's masks. Columns and dtypes are documented on ``Assessment``'s methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import OUTCOMES, PRE_QUALIFIED, VERDICTS
from campaign_analytics.derive.making import on_rows
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def verdicts(assessment: Assessment) -> pd.DataFrame:
    frame = _keys(assessment, "offers")
    frame["verdict"] = _categorical(assessment.verdict("offers"), VERDICTS)
    return frame


def outcomes(assessment: Assessment, level: Level) -> pd.DataFrame:
    columns = {rule: _categorical(assessment.outcome(rule, level), OUTCOMES) for rule in assessment.rules_at(level)}
    return pd.concat([_keys(assessment, level), pd.DataFrame(columns)], axis=1)


def summary(assessment: Assessment, by: str | None, level: Level) -> pd.DataFrame:
    verdict = assessment.verdict(level)
    codes, names = _groups(assessment, by, level)
    counts = np.bincount(codes * 3 + verdict, minlength=3 * len(names)).reshape(-1, 3)
    frame = pd.DataFrame(counts, columns=list(VERDICTS), dtype="int64")
    frame[level] = counts.sum(axis=1)
    if by is None:
        return frame
    frame.insert(0, by, pd.Series(names, dtype="str"))
    return frame[frame[level] > 0].sort_values(level, ascending=False, kind="stable", ignore_index=True)


def offers(assessment: Assessment, verdict: str | None) -> pd.DataFrame:
    frame = verdicts(assessment)
    for name, texts in _lists(assessment, "offers").items():
        frame[name] = texts
    return _only(frame, verdict)


def merchants(assessment: Assessment, verdict: str | None) -> pd.DataFrame:
    frame = _keys(assessment, "merchants")
    frame["verdict"] = _categorical(assessment.verdict("merchants"), VERDICTS)
    for name, texts in _lists(assessment, "merchants").items():
        frame[name] = texts
    rows = assessment.market.merchant_row
    joined = rows >= 0
    good = joined & (assessment.verdict("offers") == PRE_QUALIFIED)
    for name, selected in (("offers", joined), ("pre_qualified", good)):
        frame[name] = np.bincount(rows[selected], minlength=len(frame)).astype(np.int64)
    return _only(frame, verdict)


def misses(assessment: Assessment, by: str | None) -> pd.DataFrame:
    codes, names = _groups(assessment, by, "offers")
    parts = []
    for rule in assessment.rules:
        counts = np.bincount(codes * 5 + assessment.outcome(rule), minlength=5 * len(names)).reshape(-1, 5)
        part = pd.DataFrame(counts, columns=list(OUTCOMES), dtype="int64")
        part = part[["fail", "unknown", "not_applicable", "not_computed", "pass"]]
        held = assessment.book.rules[rule]
        part.insert(0, "level", assessment.book.level(rule))
        part.insert(0, "clause", held.clause[0])
        part.insert(0, "rule", rule)
        part["offers"] = counts.sum(axis=1)
        if by is not None:
            part.insert(0, by, pd.Series(names, dtype="str"))
        parts.append(part[part["offers"] > 0] if by is not None else part)
    return pd.concat(parts, ignore_index=True)


def funnel(assessment: Assessment) -> pd.DataFrame:
    book = assessment.book
    entering = np.ones(assessment.market.offers.rows, bool)
    rows = []
    for clause in book.header.clauses:
        rules = [rule for rule in assessment.blocking if book.rules[rule].clause[0] == clause]
        if not rules:
            continue
        fails = entering & assessment.any("offers", rules)
        computed = [rule for rule in rules if rule not in assessment.not_computed]
        unknown = entering & ~fails & assessment.any("offers", computed, unknown=True)
        left = entering & ~fails & ~unknown
        counts = [int(each.sum()) for each in (entering, fails, unknown, left)]
        rows.append([clause, ";".join(rules), *counts])
        entering = left
    return pd.DataFrame(rows, columns=["clause", "rules", "entering", "lost_fail", "lost_unknown", "left"])


def assumptions(assessment: Assessment, lang: str) -> pd.DataFrame:
    book = assessment.book
    rows = []
    for name, parameter in book.parameters.items():
        held = book.values[name]
        if parameter.assumed:
            value = book.show(name, held.default if isinstance(held, PerValue) else held, lang)
            rows.append(["parameter", name, ";".join(parameter.clause), value, parameter.note.say(lang)])
    for name in assessment.rules:
        rule = book.rules[name]
        if rule.assumed:
            rows.append(["rule", name, ";".join(rule.clause), rule.label(lang, name), rule.note.say(lang)])
    return pd.DataFrame(rows, columns=["kind", "name", "clause", "value", "note"], dtype="str")


# ---- parts


def _keys(assessment: Assessment, level: Level) -> pd.DataFrame:
    table = assessment.market.tables[level]
    names = ["offer_id", "merchant_id", assessment.book.header.category] if level == "offers" else ["merchant_id"]
    cells = {name: on_rows(assessment.market, assessment.book, name, level) for name in names}
    return pd.DataFrame(
        {name: held.to_pandas().astype("str") for name, held in cells.items()}, index=pd.RangeIndex(table.rows)
    )


def _categorical(codes: Array, words: tuple[str, ...]) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int8), pd.Index(words)))


def _only(frame: pd.DataFrame, verdict: str | None) -> pd.DataFrame:
    if verdict is None:
        return frame
    if verdict not in VERDICTS:
        near = did_you_mean(verdict, VERDICTS)
        raise CampaignError(f"unknown verdict {verdict!r}{near}; expected one of {', '.join(VERDICTS)}")
    return frame[frame["verdict"] == verdict].reset_index(drop=True)


def _groups(assessment: Assessment, by: str | None, level: Level) -> tuple[Array, list[str]]:
    """A group's number for every subject, and the groups' names; a missing value is a group of its own, named ""."""
    rows = assessment.market.tables[level].rows
    if by is None:
        return np.zeros(rows, np.int64), [""]
    book, market = assessment.book, assessment.market
    known = [name for name in (*book.columns, *book.derived) if book.table_of(name) in ("offers", "merchants")]
    if by not in known:
        raise CampaignError(f"cannot group by {by!r}: no such column{did_you_mean(by, known)}")
    if level == "merchants" and by not in market.merchants.cells and book.table_of(by) == "offers":
        raise CampaignError(f"cannot group merchants by {by!r}: it is a column of offers")
    cells = on_rows(market, book, by, level)
    if cells.names and cells.type != "set":
        codes = cells.values.astype(np.int64)
        names = list(cells.names)
        if cells.missing is not None:
            codes[cells.missing] = len(names)
        return codes, [*names, ""]
    codes, texts = pd.factorize(cells.to_pandas().astype("str"), use_na_sentinel=True)
    return np.where(codes < 0, len(texts), codes), [*map(str, texts), ""]


def _lists(assessment: Assessment, level: Level) -> dict[str, pd.Series]:
    """Rule ids joined by ";" in clause order, for each list that a subject carries."""
    words, rules = assessment.words[level], assessment.rules_at(level)
    block = [rule for rule in rules if rule in set(assessment.blocking)]
    warn = [rule for rule in rules if rule not in set(assessment.blocking)]
    computed = [rule for rule in block if rule not in assessment.not_computed]
    later = [rule for rule in rules if rule in assessment.not_computed]
    outside = assessment.not_applicable[level]
    guarded = [rule for rule in rules if rule in assessment.book.guards]
    return {
        "failed": _joined(assessment, words, block, 0),
        "unknown": _joined(assessment, words, computed, RULES_PER_WORD),
        "not_applicable": _joined(assessment, outside, guarded, 0),
        "warned": _joined(assessment, words, warn, 0),
        "not_computed": _joined(assessment, words, later, RULES_PER_WORD),
    }


def _joined(assessment: Assessment, words: Array, rules: Sequence[str], shift: int) -> pd.Series:
    """One text for every combination of bits that occurs, then taken by every subject."""
    mask = assessment.mask(rules, unknown=bool(shift))
    held = words & mask[:, np.newaxis]
    groups = np.zeros(words.shape[1], np.int64)
    for word in held:  # combinations of several words are numbered word by word
        _, within = np.unique(word, return_inverse=True)
        _, groups = np.unique(groups * (int(within.max(initial=0)) + 1) + within, return_inverse=True)
    example = np.zeros(int(groups.max(initial=-1)) + 1, np.int64)
    example[groups] = np.arange(len(groups))
    places = [(rule, *divmod(assessment.bits[rule], RULES_PER_WORD)) for rule in rules]
    texts = [
        ";".join(rule for rule, word, bit in places if int(held[word, row]) >> (bit + shift) & 1) for row in example
    ]
    return (
        pd.Series(pd.array(texts, dtype="str")).take(groups).reset_index(drop=True)
        if texts
        else pd.Series([], dtype="str")
    )
