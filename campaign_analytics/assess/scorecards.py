"""What stands on a merchant's and on a category's scorecard."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from campaign_analytics.assess.after_gate import over_quota, tier_of
from campaign_analytics.assess.benefits import benefits_of, unmet
from campaign_analytics.assess.evidence import behind
from campaign_analytics.assess.evidence import told as by_hand
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.score import enrolled, participation
from campaign_analytics.assess.scorecard import Fact, Scorecard, Section, card
from campaign_analytics.assess.subject import Subject, find, typed
from campaign_analytics.assess.views import group_codes
from campaign_analytics.derive.making import on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.values import did_you_mean, show_value
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

_MOST_BLOCKERS = 5
_MOST_NEAREST = 5
_SHOWN = Decimal("0.0001")  # a hundredth of a percentage point


def merchant_scorecard(assessment: Assessment, merchant_id: str, lang: str) -> Scorecard:
    """See ``Assessment.merchant_scorecard``."""
    subject = find(assessment, "merchants", "merchant_id", merchant_id)
    row = subject.row
    offers = np.flatnonzero(assessment.market.merchant_row == row)
    verdict = VERDICTS[assessment.verdict("merchants")[row]]
    gate = [
        _fact("verdict", lang, verdict, say(verdict, lang)),
        _verdicts(assessment, offers, lang),
    ]
    gate += over_quota(assessment, offers, lang)
    gate += [tier_of(ladder, "merchants", row, lang) for ladder in assessment.ladders if ladder.level == "merchants"]
    counted = int(enrolled(assessment)[offers].sum())
    gate.append(_fact("enrolled", lang, counted, f"{counted:,}"))
    needs = unmet(subject, lang)
    if needs:
        gate.append(_fact("needs", lang, needs, say("and", lang).join(needs)))
    taking_part, index = participation(assessment)
    scoring, reference = assessment.scoring("merchants"), assessment.book.document.scoring.reference_offers
    part = say("participation_of", lang, index=index[row], offers=taking_part[row], reference=reference)
    place, tied = int(scoring.place[row]), int(scoring.tied[scoring.place[row] - 1])
    rank = say("rank_of", lang, rank=place, all=len(scoring.order), tied=tied)
    indices = [
        *_readiness_of(assessment, "merchants", row, lang),
        _fact("participation", lang, float(index[row]), part),
        _fact("rank", lang, {"rank": place, "of": len(scoring.order), "tied": tied}, rank),
        *_readiness(assessment, offers, lang),
    ]
    sections = [
        Section("gate", say("layer_gate", lang), tuple(gate)),
        _platform(assessment, subject, offers, lang),
        Section("indices", say("layer_indices", lang), tuple(indices), say("scoring_assumption", lang)),
        _benefits(assessment, {"offers": offers, "merchants": np.array([row])}, lang),
    ]
    label = assessment.book.quantity("merchant_id").label(lang, "merchant_id")
    return card(assessment, f"{label} {subject.value('merchant_id')}", sections, lang)


def category_scorecard(assessment: Assessment, category: str, lang: str) -> Scorecard:
    """See ``Assessment.category_scorecard``."""
    book, market = assessment.book, assessment.market
    codes, names = group_codes(assessment, book.header.category, "offers")
    used = [name for name, count in zip(names, np.bincount(codes, minlength=len(names)), strict=True) if count]
    if category not in used:
        raise CampaignError(
            f"no offer has {book.header.category} {category!r}{did_you_mean(category, used)}; "
            f"there are {', '.join(map(repr, used[:12]))}{' …' if len(used) > 12 else ''}"
        )
    offers = np.flatnonzero(codes == names.index(category))
    owners = np.unique(market.merchant_row[offers])
    owners = owners[owners >= 0]
    gate = [
        _verdicts(assessment, offers, lang),
        *over_quota(assessment, offers, lang),
        _fact("merchants", lang, len(owners), f"{len(owners):,}"),
        _blocked(assessment, offers, lang),
    ]
    counted = offers[enrolled(assessment)[offers] & (assessment.verdict()[offers] == PRE_QUALIFIED)]
    shops = len(np.unique(market.merchant_row[counted]))
    part = {"offers": len(counted), "merchants": shops}
    indices = [
        *_readiness(assessment, offers, lang),
        _headroom(assessment, offers[assessment.verdict()[offers] == PRE_QUALIFIED], lang),
        _fact("taking_part", lang, part, say("taking_part_of", lang, **part)),
        _nearest(assessment, offers, lang),
    ]
    sections = [
        Section("gate", say("layer_gate", lang), tuple(gate)),
        _platform(assessment, None, offers, lang),
        Section("indices", say("layer_indices", lang), tuple(indices), say("scoring_assumption", lang)),
        _benefits(assessment, {"offers": offers, "merchants": owners}, lang),
    ]
    label = book.quantity(book.header.category).label(lang, book.header.category)
    return card(assessment, f"{label} {category or say('no_name', lang)}", sections, lang)


def _fact(key: str, lang: str, value: Any, text: str) -> Fact:
    return Fact(key, say(key, lang), value, text)


# ---- the gate


def _verdicts(assessment: Assessment, offers: Array, lang: str) -> Fact:
    counts = np.bincount(assessment.verdict()[offers], minlength=len(VERDICTS))
    told = [f"{say(verdict, lang)} {count:,}" for verdict, count in zip(VERDICTS, counts, strict=True)]
    value = {verdict: int(count) for verdict, count in zip(VERDICTS, counts, strict=True)}
    return _fact("offers", lang, value, f"{len(offers):,} ({say('list', lang).join(told)})")


def _blocked(assessment: Assessment, offers: Array, lang: str) -> Fact:
    held = assessment.patterns("offers")
    counts = np.bincount(held.of[offers], minlength=len(held.fails))
    fails = counts @ held.fails
    sole = counts @ (held.fails & (held.failing == 1)[:, np.newaxis])
    groups = list(held.groups)
    most = [i for i in np.argsort(-fails, kind="stable")[:_MOST_BLOCKERS] if fails[i]]
    value = [{"group": groups[i], "fails": int(fails[i]), "sole": int(sole[i])} for i in most]
    told = [
        say("blocks", lang, rule=_group_label(assessment, held.groups[groups[i]], lang), fails=fails[i], sole=sole[i])
        for i in most
    ]
    return _fact("blocked_by", lang, value, say("and", lang).join(told) or say("nothing", lang))


def _group_label(assessment: Assessment, rules: tuple[str, ...], lang: str) -> str:
    return " / ".join(assessment.book.rules[rule].label(lang, rule) for rule in rules)


# ---- the platform's scores


def platform_scores(assessment: Assessment) -> list[str]:
    """The columns that hold scores of the platform: numbers that a rule compares, awake or not, and the rulebook's
    measures of quality."""
    book = assessment.book
    compared = [name for rule in book.rules for name in book.columns_of(rule)]
    scores = [n for n in compared if (n in book.columns or n in book.derived) and book.quantity(n).type == "number"]
    return list(dict.fromkeys([*book.document.scoring.quality, *scores]))


def _platform(assessment: Assessment, merchant: Subject | None, offers: Array, lang: str) -> Section:
    """Scores as they are: a merchant's own, or from the lowest to the highest among ``offers``."""
    book, market, facts = assessment.book, assessment.market, []
    for name in platform_scores(assessment):
        label = book.quantity(name).label(lang, name)
        if merchant is not None and name in (*market.merchants.cells,) and name not in market.offers.cells:
            value = merchant.value(name)
            text = say("is_missing", lang, what=label) if value is None else _shown(assessment, name, value, lang)
            entries = behind(merchant, name)
            text += say("resting_on", lang, told=by_hand(entries, lang)) if entries else ""
            facts.append(Fact(name, label, None if value is None else str(value), text))
        else:
            facts.append(_spread(assessment, name, label, offers, lang))
    return Section("platform_scores", say("layer_platform", lang), tuple(facts))


def _spread(assessment: Assessment, name: str, label: str, offers: Array, lang: str) -> Fact:
    held = on_rows(assessment.market, assessment.book, name, "offers")
    known = offers if held.missing is None else offers[~held.missing[offers]]
    value: dict[str, Any] = {"known": len(known), "of": len(offers)}
    if not len(known):
        return Fact(name, label, value, say("is_missing", lang, what=label))
    low, high = np.sort(held.values[known]), (held.values if held.high is None else held.high)[known]
    ends = {"lowest": low[0], "middle": low[(len(low) - 1) // 2], "highest": high.max()}
    plain = {end: typed(held, each, assessment.book.zone) for end, each in ends.items()}
    value |= {end: str(each) for end, each in plain.items()}
    shown = {end: _shown(assessment, name, each, lang) for end, each in plain.items()}
    return Fact(name, label, value, say("spread", lang, **shown, known=len(known), all=len(offers)))


def _shown(assessment: Assessment, name: str, value: Any, lang: str) -> str:
    book = assessment.book
    quantity = book.quantity(name)
    if isinstance(value, Decimal):
        value = value.quantize(_SHOWN, ROUND_DOWN)  # cut, so that nothing is shown as reaching what it misses
    unit = book.header.currency if quantity.type == "money" else book.unit_label(quantity.unit, lang)
    return show_value(value, quantity.type, unit=unit, lang=lang, names=book.names_of(quantity))


# ---- our indices


def _readiness_of(assessment: Assessment, level: Level, row: int, lang: str) -> list[Fact]:
    held = assessment.scoring(level).indices
    low, high, coverage = (float(each[row]) for each in (held.readiness_low, held.readiness_high, held.coverage))
    headroom = None if np.isnan(held.headroom[row]) else float(held.headroom[row])
    text = say("readiness_range" if low < high else "readiness_exact", lang, low=low, high=high)
    return [
        _fact("readiness", lang, [low, high], text),
        _fact("coverage", lang, coverage, f"{coverage:.0%}"),
        _fact("headroom", lang, headroom, say("nothing", lang) if headroom is None else f"{headroom:.2f}"),
    ]


def _readiness(assessment: Assessment, offers: Array, lang: str) -> list[Fact]:
    """Of many offers: from the lowest to the highest, and the middle one."""
    held = assessment.scoring("offers").indices
    if not len(offers):
        return [_fact("readiness_offers", lang, None, say("nothing", lang))]
    low = np.sort(held.readiness_low[offers])
    value = {"lowest": float(low[0]), "middle": float(low[(len(low) - 1) // 2]), "highest": float(low[-1])}
    coverage = float(held.coverage[offers].mean())
    return [
        _fact("readiness_offers", lang, value, say("readiness_spread", lang, **value)),
        _fact("coverage_offers", lang, coverage, f"{coverage:.1%}"),
    ]


def _headroom(assessment: Assessment, offers: Array, lang: str) -> Fact:
    held = assessment.scoring("offers").indices.headroom[offers]
    held = np.sort(held[~np.isnan(held)])
    if not len(held):
        return _fact("headroom_offers", lang, None, say("nothing", lang))
    value = {"lowest": float(held[0]), "middle": float(held[(len(held) - 1) // 2]), "highest": float(held[-1])}
    return _fact("headroom_offers", lang, value, say("headroom_spread", lang, **value))


def _nearest(assessment: Assessment, offers: Array, lang: str) -> Fact:
    """The offers that are next in our order and not pre-qualified."""
    scoring = assessment.scoring("offers")
    waiting = offers[assessment.verdict()[offers] != PRE_QUALIFIED]
    nearest = waiting[np.argsort(scoring.place[waiting])[:_MOST_NEAREST]]
    ids: Cells = assessment.market.offers.cells["offer_id"]
    value = [str(ids.values[row]) for row in nearest]
    told = [f"{id} ({scoring.indices.readiness_low[row]:.1f})" for id, row in zip(value, nearest, strict=True)]
    return _fact("nearest", lang, value, say("list", lang).join(told) or say("nothing", lang))


# ---- benefits


def _benefits(assessment: Assessment, rows: dict[Level, Array], lang: str) -> Section:
    frame = benefits_of(assessment, rows, lang)
    facts = []
    for record in frame.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        states = {state: row[state] for state in ("entitled", "open", "not_yet")}
        if sum(states.values()) == 1:
            text = say("benefit_one", lang, grade=row["grade"], state=say(max(states, key=lambda s: states[s]), lang))
        else:
            text = say(f"benefit_{row['level']}", lang, **row)
        facts.append(Fact(row["clause"], f"{row['clause']} {row['benefit']}", row, text))
    for told, alike in frame[frame["next"] != ""].groupby("next", sort=False):  # most benefits have one next
        clauses = list(alike["clause"])
        facts.append(Fact(f"next {clauses[0]}", say("next_of", lang, clauses=" ".join(clauses)), told, str(told)))
    return Section("benefits", say("layer_benefits", lang), tuple(facts), say("benefits_note", lang))
