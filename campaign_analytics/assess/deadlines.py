"""By when one must submit for the review to be over in time: what a rulebook's working days come to, counted back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from campaign_analytics.derive.making import argument_of
from campaign_analytics.derive.working_days_after import known_days, working_day_after
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import Bound, PerValue
from campaign_analytics.rulebook.tree import Col, Compare, Param, walk
from campaign_analytics.rulebook.values import day_number
from campaign_analytics.words import say

_RECIPE = "working_days_after"
_FARTHEST = 400  # days that a review may take


class Deadline(NamedTuple):
    """One reading of a rule on the day by which working days have passed."""

    rule: str
    needed_by: date  # the last day on which the review may end
    submit_by: date | None  # the last day on which to submit; None where its working days are not known
    in_force: bool  # the reading that the rule's parameter says now

    @property
    def until(self) -> datetime | None:
        """The midnight after which it is too late, without a zone."""
        return None if self.submit_by is None else datetime.combine(self.submit_by + timedelta(days=1), time())


def submission_deadlines(book: Rulebook) -> tuple[Deadline, ...]:
    """A deadline for every value that a day parameter may have where a rule says "working days are over by" it.

    Rules that are off have none. They come in clause order, the earliest reading first.
    """
    return tuple(
        Deadline(rule, day, _submit_by(book, column, day - timedelta(days=strict)), day in now)
        for rule in book.rules
        if book.rules[rule].severity != "off"
        for column, parameter, strict in _comparisons(book, rule)
        for now in [_days(book.values[parameter])]
        for day in sorted({*now, *_stops(book, parameter)})
    )


def deadlines(book: Rulebook, as_of: datetime | None = None, lang: str = "en") -> pd.DataFrame:
    """One row a reading: rule, clause, label, reading (str: what is sure then), needed_by and submit_by (datetime64:
    days; missing past the years of which working days are known), days_left (Int64: whole days from ``as_of`` to the
    end of the day submit_by; negative when that is over, missing without ``as_of``), in_force (bool)."""
    held = submission_deadlines(book)
    rules = [book.rules[each.rule] for each in held]
    left = [None if as_of is None else left_until(book, each, as_of) for each in held]
    return pd.DataFrame(
        {
            "rule": pd.Series([each.rule for each in held], dtype="str"),
            "clause": pd.Series([rule.clause[0] for rule in rules], dtype="str"),
            "label": pd.Series(
                [rule.label(lang, each.rule) for rule, each in zip(rules, held, strict=True)], dtype="str"
            ),
            "reading": pd.Series([reading(book, each, lang) for each in held], dtype="str"),
            "needed_by": pd.Series([each.needed_by for each in held], dtype="datetime64[s]"),
            "submit_by": pd.Series([each.submit_by for each in held], dtype="datetime64[s]"),
            "days_left": pd.array(left, dtype="Int64"),
            "in_force": np.array([each.in_force for each in held], bool),
        }
    )


def days_left(book: Rulebook, as_of: datetime) -> int | None:
    """Whole days from ``as_of`` to the last moment at which what is repaired can still take part.

    That is the earliest of the deadlines in force, or where there is none the start of the campaign; and the end of
    enrolment, if that is earlier. None where the rulebook sets none of them.
    """
    closing = [
        each.until.replace(tzinfo=book.zone) for each in submission_deadlines(book) if each.in_force and each.until
    ]
    named = [clock_time(book, name) for name in ("enrol_until", *([] if closing else ["campaign_from"]))]
    until = [*closing, *(each for each in named if each is not None)]
    return (min(until) - as_of) // timedelta(days=1) if until else None


def left_until(book: Rulebook, deadline: Deadline, as_of: datetime) -> int | None:
    """Whole days from ``as_of`` to the end of the last day on which to submit; negative when it is over."""
    if deadline.until is None:
        return None
    return (deadline.until.replace(tzinfo=book.zone) - as_of) // timedelta(days=1)


def reading(book: Rulebook, deadline: Deadline, lang: str) -> str:
    """What is sure of a review that is over by then: that it precedes the campaign, or how many days of it are left."""
    start, until = clock_time(book, "campaign_from"), clock_time(book, "campaign_until")
    day = deadline.needed_by
    if start is not None and day < start.date():
        return say("review_before_start", lang)
    if until is not None and start is not None:
        last = (until - timedelta(microseconds=1)).date()
        if day == last:
            return say("review_before_end", lang)
        if day < last:
            return say("review_days_on_venue", lang, count=(last - day).days)
    return say("review_by", lang, date=day)


def clock_time(book: Rulebook, name: str) -> datetime | None:
    """When enrolment or the campaign starts or ends, in the rulebook's time zone: a reserved parameter such as
    ``campaign_until``, which is not included; None where it names none."""
    value = book.values.get(name)
    return value.astimezone(book.zone) if isinstance(value, datetime) else None


# ---- parts


def _comparisons(book: Rulebook, rule: str) -> Iterator[tuple[str, str, bool]]:
    """Where the rule compares a day that working days lead to with a parameter: both, and whether it must be before."""
    for leaf in walk(book.conditions[rule]):
        if not isinstance(leaf, Compare):
            continue
        left, right = (leaf.left, leaf.right) if leaf.op in ("<", "<=") else (leaf.right, leaf.left)
        made = isinstance(left, Col) and left.name in book.derived and book.derived[left.name].make == _RECIPE
        if made and isinstance(right, Param) and leaf.op in ("<", "<=", ">", ">="):
            assert isinstance(left, Col)
            yield left.name, right.name, leaf.op in ("<", ">")


def _days(held: Bound) -> set[date]:
    values = [held.default, *dict(held.values).values()] if isinstance(held, PerValue) else [held]
    return {value for value in values if isinstance(value, date)}


def _stops(book: Rulebook, parameter: str) -> set[date]:
    """The readings that the rulebook lists; even steps are no readings."""
    if book.parameters[parameter].stops is None:
        return set()
    return {value for value in book.places(parameter) if isinstance(value, date)}


def _submit_by(book: Rulebook, column: str, needed_by: date) -> date | None:
    """The last day whose working days are over by ``needed_by``."""
    count, count_day = argument_of(book, column, "days"), bool(argument_of(book, column, "count_day"))
    last = day_number(needed_by)
    if count is None or not known_days()[0] <= last <= known_days()[1]:
        return None
    days = np.arange(last - _FARTHEST, last + 1)
    due, known = working_day_after(days, int(count), count_day)
    early = days[known & (due <= last)]
    return date.fromordinal(int(early[-1]) + date(1970, 1, 1).toordinal()) if len(early) else None
