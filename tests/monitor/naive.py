"""Monitoring by the plainest reading: a loop over subjects and days, nothing shared with the package but conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.scalar import truth
from campaign_analytics.rulebook.values import read_value

#: One day: rows of offers and of merchants, by id.
Rows = Mapping[str, Mapping[str, Any]]
Days = Mapping[date, tuple[Rows, Rows]]

AFTER = {
    "draft": {"draft", "submitted", "approved", "rejected", "withdrawn", "live", "disqualified", "ended"},
    "approved": {"approved", "live", "disqualified", "ended"},
    "live": {"live", "disqualified", "ended"},
    "disqualified": {"disqualified"},
    "ended": {"ended"},
}
AFTER |= dict.fromkeys(("submitted", "withdrawn", "rejected"), AFTER["draft"])
HOLDING = {"approval": {"approved", "live"}, "submission": {"submitted", "approved", "live"}}
LAST = date(2031, 5, 8)


@dataclass
class Life:
    """One subject as it goes on."""

    since: date | None = None
    active: bool = False
    left: date | None = None
    away: int = 0
    state: str | None = None
    shown: str | None = None
    approved: bool = False
    owner: str | None = None
    seen: list[date] = field(default_factory=list)  # days on which rules held and there was a row
    fails: dict[str, list[date]] = field(default_factory=dict)
    unknown: dict[str, list[date]] = field(default_factory=dict)
    breached: int = 0
    unsure: int = 0

    def follow(self, active: bool, since: date | None, day: date) -> None:
        if active and self.left is not None:
            self.away += (day - self.left).days
            self.left = None
        if active:
            self.since = min(each for each in (self.since, since or day) if each is not None)
        elif self.active and self.left is None:
            self.left = day
        self.active = active

    def bound(self, day: date) -> bool:
        return self.active and self.since is not None and self.since <= day <= LAST

    def counts(self, last: date) -> dict[str, Any]:
        end = min(last, LAST, *([self.left - timedelta(days=1)] if self.left else []))
        held = 0 if self.since is None else max((end - self.since).days + 1 - self.away, 0)
        missing = max(held - len(self.seen), 0)
        standing = "breached" if self.breached else "unknown" if self.unsure else "missing" if missing else "kept"
        return {
            "days_held": held, "days_observed": len(self.seen), "days_breached": self.breached,
            "days_unknown": self.unsure, "days_missing": missing, "standing": standing,
        }  # fmt: skip


def told(row: Mapping[str, Any], names: Sequence[str], book: Rulebook) -> date | None:
    """The day, in the rulebook's time zone, of the first of these times that is given."""
    for name in names:
        if row.get(name) is not None:
            value = read_value(row[name], "time", zone=book.zone)
            assert isinstance(value, datetime)
            return value.astimezone(book.zone).date()
    return None


class Naive:
    """The whole of it. ``days`` come in order."""

    def __init__(self, book: Rulebook, days: Days) -> None:
        self.book, self.start = book, str(book.values["hold_from"])
        self.offers: dict[str, Life] = {}
        self.merchants: dict[str, Life] = {}
        self.refused: list[tuple[str, str, str, date, bool]] = []
        for day, (offers, merchants) in days.items():
            for key, row in offers.items():
                self.apply(self.offers.setdefault(key, Life()), key, row, merchants, day)
            for key in merchants:
                life = self.merchants.setdefault(key, Life())
                theirs = [each for each in self.offers.values() if each.owner == key and each.active]
                life.follow(bool(theirs), min((each.since for each in theirs if each.since), default=None), day)
            for key in self.merchants.keys() - merchants.keys():
                life = self.merchants[key]
                theirs = [each for each in self.offers.values() if each.owner == key and each.active]
                life.follow(bool(theirs), min((each.since for each in theirs if each.since), default=None), day)
            for key, row in offers.items():
                owner = merchants.get(row["merchant_id"])
                self.judge(self.offers[key], "offers", row, owner, day)
            for key, row in merchants.items():
                self.judge(self.merchants[key], "merchants", {}, row, day)

    def apply(self, life: Life, key: str, row: Mapping[str, Any], merchants: Rows, day: date) -> None:
        seen, approval = row.get("status"), told(row, ["approved_at"], self.book)
        life.approved |= approval is not None and approval <= day
        life.owner = row["merchant_id"] if row["merchant_id"] in merchants else None
        before = life.state
        if seen == "withdrawn" and life.approved and before in (None, "draft", "submitted", "withdrawn", "rejected"):
            before = "approved"
        refused = before is not None and seen is not None and seen not in AFTER[before]
        if refused and seen != life.shown:
            assert before and seen
            self.refused.append((key, before, seen, day, seen == "withdrawn" and before in ("approved", "live")))
        life.state = before if refused or seen is None else seen
        life.approved |= life.state in ("approved", "live")
        life.shown = seen or life.shown
        since = approval if self.start == "approval" else told(row, ["submitted_at", "enrolled_at"], self.book)
        by_time = life.state is None and since is not None and since <= day
        life.follow(life.state in HOLDING[self.start] or by_time, since, day)

    def judge(self, life: Life, level: str, row: Mapping[str, Any], owner: Mapping[str, Any] | None, day: date) -> None:
        if not life.bound(day):
            return
        life.seen.append(day)
        held = {**(owner or {}), **row}
        outcomes = {}
        for rule in self.book.rules:
            if self.book.rules[rule].phase == "enter":
                continue
            at = self.book.level(rule)
            if level == "merchants" and at == "offers":
                continue
            holds = None if at == "merchants" and owner is None else self.holds(rule, held, day)
            outcomes[rule] = holds
            if at == level and holds is False:
                life.fails.setdefault(rule, []).append(day)
            if at == level and holds is None:
                life.unknown.setdefault(rule, []).append(day)
        blocking = [holds for rule, holds in outcomes.items() if self.book.rules[rule].severity == "block"]
        life.breached += False in blocking
        life.unsure += None in blocking and False not in blocking

    def holds(self, rule: str, row: Mapping[str, Any], day: date) -> bool | None:
        names = self.book.columns_of(rule)
        cells = {
            name: read_value(row[name], self.book.quantity(name).type, zone=self.book.zone)
            for name in names
            if name in self.book.columns and row.get(name) is not None
        }
        row = {name: cells.get(name) for name in names}
        return truth(self.book.whole(rule), row, {**self.book.values, "today": day})
