"""``months_since_event``: whole calendar months since a subject's latest event, such as a severe penalty.

With ``identifiers`` or ``links`` the events of every account of the same user count as its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from campaign_analytics.derive.linked import Step, accounts_of
from campaign_analytics.derive.making import Evidence, Made, Making, gone, rows_of
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.words import say

NEVER = 9999  # months; said of a subject without any event
NO_DAY = -(10**9)  # before every day


class Events(NamedTuple):
    """Events, each (events,)."""

    of: Array  # the subject's row; where accounts are linked, the account
    day: Array  # days since 1970-01-01


class Chain(NamedTuple):
    """The event that decides for a subject: its day, and the steps from the account whose event it is; none from its
    own."""

    day: int
    steps: list[Step]


def make(making: Making) -> Made:
    """Months counted back from column ``at``, month ends clamped, to the latest event that ``where`` selects on
    ``date`` and that is not after ``at``.

    A range from 0 says that a later event may exist: where a record can't be read, and where the penalty feed is not
    declared complete. Accounts are linked by equal ``identifiers`` and by ``links`` (a column that names another
    merchant) over at most ``max_link_depth`` steps; what more than ``max_shared`` share or the list ``placeholders``
    names is no identifier, and a missing one links nobody.
    """
    at = making.column("at")
    assert at is not None
    every, days = np.arange(making.rows), at.values.astype(np.int64)
    sure, possible, undated = _events(making)
    latest = _months(_latest(making, sure, every, days), days)
    least = np.minimum(latest, _months(_latest(making, possible, every, days), days))
    least[_latest(making, undated, every, np.zeros_like(days)) != NO_DAY] = 0
    if not making.market.declared.penalty_feed_complete:
        least = np.zeros_like(latest)
    missing = gone(at)
    return Made(Cells.make("count", least, missing, latest, unread=missing & ~at.blank))


def chains(making: Making, rows: Array, events: Events, at: Array) -> list[Chain | None]:
    """For each of ``rows`` the latest of ``events`` not after its ``at``, by the shortest way; None without one."""
    found = _latest(making, events, rows, at)
    if not making.book.ties(making.name):
        return [None if day == NO_DAY else Chain(day, []) for day in found.tolist()]
    accounts = accounts_of(making)
    users = accounts.user[rows].tolist()
    near = np.isin(accounts.user[events.of], accounts.user[rows])
    sources = defaultdict(list)
    for account, day in zip(events.of[near].tolist(), events.day[near].tolist(), strict=True):
        sources[accounts.user[account], day].append(account)
    asked = list(zip(users, found.tolist(), strict=True))
    ways = {key: accounts.ways(sources[key]) for key in dict.fromkeys(asked) if key in sources}
    return [
        Chain(key[1], accounts.steps(ways[key], row)) if key in ways else None
        for key, row in zip(asked, rows.tolist(), strict=True)
    ]


def deciding(making: Making, rows: Array) -> list[Chain | None]:
    """For each of ``rows`` the latest event that surely counts for it; None without one."""
    at = making.column("at")
    assert at is not None
    days = np.where(gone(at), NO_DAY, at.values.astype(np.int64))[rows]
    return chains(making, rows, sure_events(making), days)


def evidence(making: Making, row: int, lang: str) -> Iterator[Evidence]:
    """The event that decides for one row, those that may, and how their accounts are linked to this one."""
    at = making.column("at")
    assert at is not None
    if gone(at)[row]:
        return
    rows, days = np.array([row]), at.values.astype(np.int64)[[row]]
    sure, possible, undated = _events(making)
    (latest,) = chains(making, rows, sure, days)
    (later,) = chains(making, rows, possible, days)
    (unread,) = chains(making, rows, undated._replace(day=np.full(len(undated.day), days[0])), days)
    if latest is not None:
        yield _shown("event_latest", making, latest, lang)
    if later is not None and (latest is None or later.day > latest.day):
        yield _shown("event_possible", making, later, lang)
    if unread is not None:
        yield _shown("event_undated", making, unread, lang)


def _shown(key: str, making: Making, chain: Chain, lang: str) -> Evidence:
    whose = say("record_own", lang)
    if chain.steps:
        whose = say("record_linked", lang, account=chain.steps[0].account, steps=told(making, chain.steps, lang))
    return Evidence(say(key, lang, day=np.datetime64(chain.day, "D"), whose=whose), others=bool(chain.steps))


def told(making: Making, steps: Iterable[Step], lang: str) -> str:
    """Steps in words: columns by their labels, accounts by their ids, never what an identifier holds."""
    parts = []
    for step in steps:
        label = making.book.quantity(step.column).label(lang, step.column)
        key = "step_shared" if step.shared else "step_declared"
        parts.append(say(key, lang, account=step.account, to=step.to, label=label))
    return say("steps_in_turn", lang).join(parts)


def sure_events(making: Making) -> Events:
    """The events that surely count."""
    return _events(making)[0]


def _events(making: Making) -> tuple[Events, Events, Events]:
    """The events that surely count, those that may (the sure ones too), and those that may and have no known day."""
    table = making.argument("table")
    if table not in making.market.tables:
        none = Events(np.zeros(0, np.int64), np.zeros(0, np.int64))
        return none, none, none
    sure, possible = making.where(table)
    if making.book.ties(making.name):
        of = accounts_of(making).places[making.cells("merchant_id", table)]
    else:
        of = rows_of(making.market, table, making.spec.table).astype(np.int64)
    dates = making.cells(making.argument("date"), table)
    undated, days = gone(dates), dates.values.astype(np.int64)

    def those(which: Array) -> Events:
        return Events(of[which & (of >= 0)], days[which & (of >= 0)])

    return those(sure & ~undated), those(possible & ~undated), those(possible & undated)


def _latest(making: Making, events: Events, rows: Array, at: Array) -> Array:
    """(rows,) the latest day, not after ``at`` (rows,), of the events of each row and of the accounts linked to it;
    NO_DAY without one."""
    if not making.book.ties(making.name):
        return _last(events, rows, at)
    accounts, depth = accounts_of(making), making.argument("max_link_depth")
    if depth is None:
        return _last(Events(accounts.user[events.of], events.day), accounts.user[rows], at)
    return accounts.latest_within(int(depth), events.of, events.day, rows, at, NO_DAY)


def _last(events: Events, group: Array, at: Array) -> Array:
    """(rows,) the latest day, not after ``at``, of the events whose ``of`` is the row's group: one search over sorted
    pairs."""
    found = np.full(len(group), NO_DAY)
    if not len(events.day) or not len(group):
        return found
    start = min(int(events.day.min()), int(at.min()))
    span = max(int(events.day.max()), int(at.max())) - start + 1
    pairs = np.sort(events.of.astype(np.int64) * span + (events.day - start))
    place = np.searchsorted(pairs, group.astype(np.int64) * span + (at - start), side="right") - 1
    own = (place >= 0) & (pairs[place] // span == group)
    found[own] = pairs[place[own]] % span + start
    return found


def _months(day: Array, at: Array) -> Array:
    months, some = np.full(len(day), NEVER), day != NO_DAY
    months[some] = months_between(day[some], at[some])
    return months


def months_between(earlier: Array, later: Array) -> Array:
    """The most months m for which ``later`` less m calendar months, clamped to the month's end, is not before
    ``earlier``.

    Both are days since 1970-01-01; negative where ``earlier`` is the later one.
    """
    start, end = earlier.astype("datetime64[D]"), later.astype("datetime64[D]")
    start_month, end_month = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    # a day cut to the last of the event's month is never before the event, so the plain days of the month decide
    reached = end - end_month.astype("datetime64[D]") >= start - start_month.astype("datetime64[D]")
    return (end_month - start_month).astype(np.int64) - ~reached  # type: ignore[no-any-return]
