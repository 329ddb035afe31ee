"""Tables derived from an assessment's masks. Columns and dtypes are documented on ``Assessment``'s methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import OPEN, OUTCOMES, OVER, PRE_QUALIFIED, VERDICTS
from campaign_analytics.derive.making import on_rows
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Market
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.values import MINOR_UNITS, did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


def verdicts(assessment: Assessment) -> pd.DataFrame:
    frame = keys(assessment, "offers")
    frame["verdict"] = categorical(assessment.verdict("offers"), VERDICTS)
    return frame


def outcomes(assessment: Assessment, level: Level) -> pd.DataFrame:
    columns = {rule: categorical(assessment.outcome(rule, level), OUTCOMES) for rule in assessment.rules_at(level)}
    return pd.concat([keys(assessment, level), pd.DataFrame(columns)], axis=1)


def checked(level: str) -> None:
    """Raise ``CampaignError`` for a level that there is not."""
    if level not in ("offers", "merchants"):
        near = did_you_mean(level, ("offers", "merchants"))
        raise CampaignError(f"unknown level {level!r}{near}; expected offers or merchants")


def summary(assessment: Assessment, by: str | None, level: Level, weight: str | None) -> pd.DataFrame:
    verdict = assessment.verdict(level)
    codes, names = group_codes(assessment, by, level)
    weights = weights_of(assessment, weight, level)
    counts = counted(codes, len(names), verdict, len(VERDICTS), weights.values)
    frame = pd.DataFrame(counts, columns=list(VERDICTS))
    total = weights.total(level)
    frame[total] = counts.sum(axis=1)
    assert np.allclose(frame[total], added(codes, len(names), weights.values))
    if weights.missing is not None:
        frame["weight_missing"] = added(codes, len(names), weights.missing)
    if by is None:
        return frame
    frame.insert(0, by, pd.Series(names, dtype="str"))
    held = frame[added(codes, len(names)) > 0]
    return held.sort_values(total, ascending=False, kind="stable", ignore_index=True)


def offers(assessment: Assessment, verdict: str | None) -> pd.DataFrame:
    frame = verdicts(assessment)
    for name, texts in rule_lists(assessment, "offers").items():
        frame[name] = texts
    if assessment.book.quotas:
        frame["over_quota"] = assessment.cuts.listed(OVER)
        frame["quota_unknown"] = assessment.cuts.listed(OPEN)
    return _only(_tiered(assessment, frame, "offers"), verdict)


def merchants(assessment: Assessment, verdict: str | None) -> pd.DataFrame:
    frame = keys(assessment, "merchants")
    frame["verdict"] = categorical(assessment.verdict("merchants"), VERDICTS)
    for name, texts in rule_lists(assessment, "merchants").items():
        frame[name] = texts
    rows = assessment.market.merchant_row
    joined = rows >= 0
    good = joined & (assessment.verdict("offers") == PRE_QUALIFIED)
    counted = {"offers": joined, "pre_qualified": good}
    if assessment.book.quotas:
        counted["over_quota"] = joined & (assessment.cuts.standing == OVER)
    for name, selected in counted.items():
        frame[name] = np.bincount(rows[selected], minlength=len(frame)).astype(np.int64)
    return _only(_tiered(assessment, frame, "merchants"), verdict)


def misses(assessment: Assessment, by: str | None) -> pd.DataFrame:
    book, rules = assessment.book, assessment.rules
    codes, names = group_codes(assessment, by, "offers")
    each = assessment.market.offers.stands_for
    sizes = added(codes, len(names), each)
    counts = [added(codes * 5 + assessment.outcome(rule), 5 * len(names), each) for rule in rules]
    frame = pd.DataFrame(np.array(counts, np.int64).reshape(-1, 5), columns=list(OUTCOMES))
    frame = frame[["fail", "unknown", "not_applicable", "not_computed", "pass"]]
    frame["offers"] = np.tile(sizes, len(rules)).astype(np.int64)
    assert (frame.drop(columns="offers").sum(axis=1) == frame["offers"]).all()
    words: dict[str, list[str]] = {
        "level": [book.level(rule) for rule in rules],
        "clause": [book.rules[rule].clause[0] for rule in rules],
        "rule": list(rules),
    }
    for name, texts in words.items():
        frame.insert(0, name, pd.Series([text for text in texts for _ in names], dtype="str"))
    if by is None:
        return frame
    frame.insert(0, by, pd.Series(names * len(rules), dtype="str"))
    return frame[frame["offers"] > 0].reset_index(drop=True)


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
        counts = [assessment.market.offers.count(each) for each in (entering, fails, unknown, left)]
        assert counts[0] == sum(counts[1:])
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


def keys(assessment: Assessment, level: Level) -> pd.DataFrame:
    """One row a subject: offer_id, merchant_id and the category column, or merchant_id alone (str)."""
    table = assessment.market.tables[level]
    names = ["offer_id", "merchant_id", assessment.book.header.category] if level == "offers" else ["merchant_id"]
    cells = {name: on_rows(assessment.market, assessment.book, name, level) for name in names}
    return pd.DataFrame(
        {name: held.to_pandas().astype("str") for name, held in cells.items()}, index=pd.RangeIndex(table.rows)
    )


def _tiered(assessment: Assessment, frame: pd.DataFrame, level: Level) -> pd.DataFrame:
    """The frame with the sure tier on each ladder of the level."""
    tiers = {held.ladder: held.named(held.reached(level)[0]) for held in assessment.ladders if held.level == level}
    return frame.assign(**tiers)


def categorical(codes: Array, words: tuple[str, ...]) -> pd.Series:
    """Codes into ``words`` as a categorical column; -1 is missing."""
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int8), pd.Index(words)))


def _only(frame: pd.DataFrame, verdict: str | None) -> pd.DataFrame:
    if verdict is None:
        return frame
    if verdict not in VERDICTS:
        near = did_you_mean(verdict, VERDICTS)
        raise CampaignError(f"unknown verdict {verdict!r}{near}; expected one of {', '.join(VERDICTS)}")
    return frame[frame["verdict"] == verdict].reset_index(drop=True)


_AT_ONCE = 1 << 20  # rows whose amounts are added at once

#: Grouping by this name puts subjects into classes by how many offers their merchant has.
SIZE = "size"
_BANDS = {1: "1", 2: "2-9", 10: "10-99", 100: "100+"}  # by the band's least number of offers


def group_codes(assessment: Assessment, by: str | None, level: Level) -> tuple[Array, list[str]]:
    """(subjects,) a class's number for every subject, an integer of 32 or 64 bits, and the classes' names.

    A missing value is a class of its own, named "". ``by`` is a column of the level or of its merchants, or "size"
    (unless that is a column): "1", "2-9", "10-99" or "100+" offers of the merchant, "0" where it has none.
    """
    rows = assessment.market.tables[level].rows
    if by is None:
        return np.zeros(rows, np.int32), [""]
    book, market = assessment.book, assessment.market
    known = [name for name in (*book.columns, *book.derived) if book.table_of(name) in ("offers", "merchants")]
    if by == SIZE and SIZE not in known:
        offers, gone = offers_each(assessment, level)
        codes = np.searchsorted(list(_BANDS), offers, side="right")
        return np.where(gone, len(_BANDS) + 1, codes), ["0", *_BANDS.values(), ""]
    if by not in known:
        held = [name for name in known if name in {*market.offers.cells, *market.merchants.cells}]
        near = did_you_mean(by, [*known, SIZE]) or f"; there are: {', '.join([*held, SIZE])}"
        raise CampaignError(f"cannot group by {by!r}: no such column{near}")
    check_left(market, by)
    if by in book.derived and by not in market.tables[book.table_of(by)].cells:
        raise CampaignError(
            f"cannot group by {by!r}: it is not made (no rule in force needs it, or its recipe is not built)"
        )
    if level == "merchants" and by not in market.merchants.cells and book.table_of(by) == "offers":
        raise CampaignError(f"cannot group merchants by {by!r}: it is a column of offers")
    cells = on_rows(market, book, by, level)
    if cells.names and cells.type != "set":
        codes = cells.values.astype(np.int32)
        names = list(cells.names)
        if cells.missing is not None:
            codes[cells.missing] = len(names)
        return codes, [*names, ""]
    codes, texts = pd.factorize(cells.to_pandas().astype("str"), use_na_sentinel=True)
    return np.where(codes < 0, len(texts), codes), [*(str(text) or "∅" for text in texts), ""]  # ∅: a set of none


def check_left(market: Market, by: str) -> None:
    """Raise ``CampaignError`` where only some columns are left of a market, and one to group by is not among them."""
    if market.rest_of and by not in market.offers.cells:
        raise CampaignError(
            f"cannot group by {by!r}: it is not in {market.rest_of}; make that again with by= to count by it, or fetch "
            "some offers (ca.fetch)"
        )


def added(codes: Array, size: int, amounts: Array | None = None) -> Array:
    """(size,) how many subjects have each code, int64; or the sums of their amounts, of whole ones int64, else
    float64."""
    sums = np.zeros(size, np.int64 if amounts is None else np.float64)
    for start in range(0, len(codes), _AT_ONCE):  # bincount makes numbers of 8 bytes of both
        some = slice(start, start + _AT_ONCE)
        sums += np.bincount(codes[some], None if amounts is None else amounts[some], size)
    return sums if amounts is None or amounts.dtype.kind == "f" else sums.astype(np.int64)


def counted(classes: Array, size: int, codes: Array, kinds: int, weights: Array | None = None) -> Array:
    """(size, kinds) how many subjects of each class have each code below ``kinds``, int64, or their weights, float64.

    Both are joined in the narrowest integers that hold them, in half the time of wide ones.
    """
    dtype = np.min_scalar_type(max(size, 1) * kinds)
    joined = np.multiply(classes, kinds, dtype=dtype, casting="unsafe")
    np.add(joined, codes, out=joined, dtype=dtype, casting="unsafe")
    return added(joined, size * kinds, weights).reshape(size, kinds)


def one_by_one(assessment: Assessment) -> None:
    """Raise ``CampaignError`` where rows stand for several subjects: these cannot be looked at one by one."""
    if assessment.market.offers.stands_for is not None:
        raise CampaignError(f"one offer is not told from another in {assessment.market.rest_of}; fetch some (ca.fetch)")


def from_columns(assessment: Assessment) -> None:
    """Raise ``CampaignError`` where the columns behind the outcomes are not there."""
    if assessment.market.rest_of:
        raise CampaignError(f"there are outcomes alone in {assessment.market.rest_of}; fetch some offers (ca.fetch)")


class Weights(NamedTuple):
    """What each row of a level counts for: ``values`` of a weight, else subjects (None = 1 each)."""

    values: Array | None  # (rows,) float64 of a weight, 0 where it is missing; int64 subjects
    missing: Array | None  # (rows,) int64: of how many subjects the weight is missing; None where there is no weight

    def total(self, level: Level) -> str:
        """What the column of totals is called."""
        return level if self.missing is None else "weight"


def weights_of(assessment: Assessment, weight: str | None, level: Level) -> Weights:
    """Subjects weighed by a numeric column, money in whole units of its currency, a range by its low end.

    Without a weight each counts as 1. "offers" weighs a merchant by how many it has. Raises ``CampaignError`` for a
    name that is no such column.
    """
    each = assessment.market.tables[level].stands_for
    if weight is None or weight == level == "offers":
        return Weights(each, None)
    values, gone = _weighed(assessment, weight, level)
    return Weights(values if each is None else values * each, gone.astype(np.int64) if each is None else gone * each)


def _weighed(assessment: Assessment, weight: str, level: Level) -> tuple[Array, Array]:
    """(rows,) float64 the weight of a subject, 0 where it is missing, and bool where it is."""
    if weight == "offers":
        return offers_each(assessment, level)
    book = assessment.book
    numeric = [
        name
        for name in (*book.columns, *book.derived)
        if book.quantity(name).type in ("count", "money", "number", "rate")
        and book.table_of(name) in (level, "merchants")
    ]
    if weight not in numeric:
        raise CampaignError(
            f"cannot weigh {level} by {weight!r}: no such column of numbers{did_you_mean(weight, [*numeric, 'offers'])}"
        )
    cells = on_rows(assessment.market, book, weight, level)
    gone = np.zeros(len(cells), bool) if cells.missing is None else cells.missing
    values = cells.values / MINOR_UNITS if cells.type == "money" else cells.values.astype(np.float64)
    return values, gone


def offers_each(assessment: Assessment, level: Level) -> tuple[Array, Array]:
    """(subjects,) float64 how many offers a subject's merchant has, and where there is no such merchant, bool."""
    one_by_one(assessment)
    rows = assessment.market.merchant_row
    merchants = assessment.market.merchants.rows
    counts = np.bincount(rows[rows >= 0], minlength=merchants + 1).astype(np.float64)
    if level == "merchants":
        return counts[:merchants], np.zeros(merchants, bool)
    return counts[rows], rows < 0  # row -1, an orphan, is the last


def combinations(words: Array, mask: Array) -> tuple[Array, Array]:
    """(subjects,) the number of each subject's combination of the bits in ``mask``, and (combinations,) one subject
    of each. ``words`` is (words, subjects), ``mask`` (words,)."""
    of = np.zeros(words.shape[1], np.int64)
    for word, bits in zip(words, mask, strict=True):
        within, distinct = pd.factorize(word & bits)
        if len(distinct) > 1:
            of, _ = pd.factorize(of * len(distinct) + within) if of.any() else (within, distinct)
    example = np.zeros(int(of.max(initial=-1)) + 1, np.int64)
    example[of] = np.arange(len(of))
    return of, example


def rule_lists(assessment: Assessment, level: Level) -> dict[str, pd.Series]:
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
    of, example = combinations(words, assessment.mask(rules, unknown=bool(shift)))
    held = words[:, example].T.tolist()
    places = [(rule, *divmod(assessment.bits[rule], RULES_PER_WORD)) for rule in rules]
    texts = [";".join(rule for rule, word, bit in places if each[word] >> (bit + shift) & 1) for each in held]
    return pd.Series(pd.array(texts, dtype="str")).take(of).reset_index(drop=True)
