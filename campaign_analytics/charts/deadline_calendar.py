"""A campaign's days on a calendar: when to enrol, by when to submit, when it runs, and which days are worked at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from matplotlib.patches import Circle, Rectangle

from campaign_analytics.assess.deadlines import Deadline, clock_time, left_until, reading, submission_deadlines
from campaign_analytics.assess.headline import deadlines_told
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import width, wrap
from campaign_analytics.charts.grid import Text
from campaign_analytics.charts.labels import foot
from campaign_analytics.charts.palette import FAIL, INK, LINE, PAPER, PASS, QUIET, UNKNOWN
from campaign_analytics.derive.working_days_after import holidays, known_days, working_days
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.values import day_number
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Rulebook

MOST_MONTHS = 4
_SIDE_BY_SIDE, _BETWEEN = 2, 0.4  # months in a row, and inches between them
_WIDE: Final = (WIDTH - 2 * MARGIN - _BETWEEN) / 14
_HIGH, _BAND, _MONTH, _WEEKDAYS, _BELOW = 0.67, 0.15, 0.26, 0.22, 0.2  # inches: a day, a band in it, headings, a gap
_ROW, _LINE, _KEY, _TEXT = (
    0.24,
    0.17,
    0.36,
    1.9,
)  # inches: an entry below, its further lines, the key, where texts begin
_TINY: Final = 7.0  # points
_REST, _ENROL = "#ececec", "#bfe0f5"
_WORDS = {"holiday": "calendar_off", "make_up": "calendar_work"}


class Span(NamedTuple):
    """Days from the first to the last."""

    first: date
    last: date


class Entry(NamedTuple):
    """A line of the list below the calendar."""

    day: date
    mark: str
    text: str


@dataclass(frozen=True)
class Days:
    """What happens on which day."""

    today: date
    enrol: Span | None
    campaign: Span | None
    submit: Mapping[date, str]  # the last days to submit, each with its mark
    counted: bool  # whether working days are

    def months(self) -> list[date]:
        """The first days of the months to draw: of the campaign and what leads to it, then, as far as there is room,
        of the day of the data and the beginning of enrolment. None where nothing is known."""
        ends = [*self.submit, *(self.campaign or ()), *([self.enrol.last] if self.enrol else [])]
        if not ends:
            return []
        first, last = min(ends), max(ends)
        for more in (self.today, *(self.enrol or ())):
            if len(_months(min(first, more), max(last, more))) <= MOST_MONTHS:
                first, last = min(first, more), max(last, more)
        return _months(first, last)[:MOST_MONTHS]


def deadline_calendar(assessment: Assessment, lang: str = "en") -> Chart:
    """Months with the days of enrolment and of the campaign, and the last day to submit for each reading of a rule by
    which working days are over in time; days off and make-up days are those of China's calendar.

    At most 4 months are drawn; the list below them names every day.
    """
    book, readings = assessment.book, submission_deadlines(assessment.book)
    today = assessment.as_of.astimezone(book.zone).date()
    by = sorted({each.submit_by for each in readings if each.submit_by is not None})
    submit = {day: str(number) for number, day in enumerate(by, start=1)}
    days = Days(today, _span(book, "enrol"), _span(book, "campaign"), submit, bool(readings))
    entries = [*_submissions(assessment, readings, submit, lang), *_others(book, today, lang)]
    unknown = [
        say("calendar_unknown", lang, reading=reading(book, each, lang)) for each in readings if each.submit_by is None
    ]
    subtitle = say("calendar_subtitle" if readings else "calendar_subtitle_plain", lang, zone=book.header.timezone)
    text = Text(_title(assessment, days, lang), subtitle, [*unknown, *foot(assessment, lang)])
    return draw(text, days, sorted(entries, key=lambda entry: (entry.day, entry.mark)), lang)


def draw(text: Text, days: Days, entries: Sequence[Entry], lang: str) -> Chart:
    """See ``deadline_calendar``."""
    months = days.months()
    rows = [months[i : i + _SIDE_BY_SIDE] for i in range(0, len(months), _SIDE_BY_SIDE)]
    highs = [_MONTH + _WEEKDAYS + _HIGH * max(len(_weeks(month)) for month in row) + _BELOW for row in rows]
    room = WIDTH - MARGIN - _TEXT
    told = [wrap(entry.text, room, BODY) for entry in entries]
    listed = sum(_ROW + _LINE * (len(lines) - 1) for lines in told)
    chart = Chart(text.title, text.subtitle, text.notes, sum(highs) + (_KEY if months else 0) + listed + 0.05)
    top = chart.top
    for row, high in zip(rows, highs, strict=True):
        for place, month in enumerate(row):
            _Month(chart, MARGIN + place * (7 * _WIDE + _BETWEEN), top, month, days, lang).draw()
        top += high
    if months:
        _key(chart, top + _KEY / 2 - 0.1, months, days, lang)
        top += _KEY
    for entry, lines in zip(entries, told, strict=True):
        _listed(chart, top, entry, lines, lang)
        top += _ROW + _LINE * (len(lines) - 1)
    return chart


# ---- a month


@dataclass(frozen=True)
class _Month:
    """A month on its page, its top left corner at (left, top)."""

    chart: Chart
    left: float
    top: float
    month: date
    days: Days
    lang: str

    def draw(self) -> None:
        self.chart.write(self.left, self.top + _MONTH / 2, say("calendar_month", self.lang, month=self.month), BODY)
        for place, name in enumerate(say("calendar_weekdays", self.lang).split()):
            x = self.left + (place + 0.5) * _WIDE
            self.chart.write(x, self.top + _MONTH + _WEEKDAYS / 2, name, SMALL, QUIET, "center")
        for week, held in enumerate(_weeks(self.month)):
            for day in held:
                y = self.top + _MONTH + _WEEKDAYS + week * _HIGH
                self._day(self.left + day.weekday() * _WIDE, y, day)

    def _day(self, x: float, y: float, day: date) -> None:
        kind, wide, high = kind_of(day, self.days.counted), _WIDE - 0.03, _HIGH - 0.03
        if kind == "unknown":
            self.chart.hatched(x, y, wide, high, UNKNOWN)
        else:
            self.chart.box(x, y, wide, high, PAPER if kind in ("working", "make_up") else _REST)
        bottom = y + high
        for name, fill, ink in (("campaign", PASS.fill, PAPER), ("enrol", _ENROL, INK)):
            span: Span | None = getattr(self.days, name)
            if span and span.first <= day <= span.last:
                bottom -= _BAND
                self.chart.box(x, bottom, wide, _BAND, fill)
                word = say(f"calendar_{name}", self.lang)
                self.chart.write(x + wide / 2, bottom + _BAND / 2, word, _TINY, ink, "center")
        today = day == self.days.today
        frame = Rectangle((x, y), wide, high, fill=False, ec=INK if today else LINE, lw=1.8 if today else 0.6)
        self.chart.page.add_patch(frame)
        self.chart.write(x + 0.06, y + 0.12, str(day.day), SMALL, INK)
        mark = self.days.submit.get(day)
        if kind in _WORDS:  # a mark takes its corner
            self.chart.write(
                x + wide - 0.05, y + (0.28 if mark else 0.12), say(_WORDS[kind], self.lang), _TINY, QUIET, "right"
            )
        if mark:
            _mark(self.chart, x + wide - 0.13, y + 0.13, mark)


def kind_of(day: date, counted: bool) -> str:
    """working, weekend, or where days are ``counted`` by China's calendar also holiday, make_up, and unknown."""
    number, weekend = day_number(day), day.weekday() >= 5
    if not counted:
        return "weekend" if weekend else "working"
    first, last = known_days()
    if not first <= number <= last:
        return "unknown"
    if number in _set_of(working_days):
        return "make_up" if weekend else "working"
    return "holiday" if number in _set_of(holidays) else "weekend"


@cache
def _set_of(days: Callable[[], Array]) -> frozenset[int]:
    return frozenset(days().tolist())


def _weeks(month: date) -> list[list[date]]:
    """The days of a month, from Monday to Sunday."""
    days = [month + timedelta(days=n) for n in range((_next(month) - month).days)]
    weeks: list[list[date]] = []
    for day in days:
        if not weeks or day.weekday() == 0:
            weeks.append([])
        weeks[-1].append(day)
    return weeks


def _months(first: date, last: date) -> list[date]:
    found = [first.replace(day=1)]
    while (after := _next(found[-1])) <= last:
        found.append(after)
    return found


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


# ---- what is listed


def _span(book: Rulebook, of: str) -> Span | None:
    """The days of enrolment ("enrol") or of the "campaign"; None where one end is not given."""
    start, until = clock_time(book, f"{of}_from"), clock_time(book, f"{of}_until")
    if start is None or until is None:
        return None
    return Span(start.date(), (until - timedelta(microseconds=1)).date())


def _submissions(
    assessment: Assessment, readings: Sequence[Deadline], submit: Mapping[date, str], lang: str
) -> Iterator[Entry]:
    book = assessment.book
    for each in readings:
        left = left_until(book, each, assessment.as_of)
        if each.submit_by is None or left is None:
            continue
        told = {"reading": reading(book, each, lang), "needed": f"{each.needed_by:%m-%d}", "count": left}
        text = say("calendar_submit" if left >= 0 else "calendar_submit_over", lang, **told)
        text = say("calendar_in_force", lang, told=text) if each.in_force else text
        yield Entry(each.submit_by, submit[each.submit_by], text)


def _others(book: Rulebook, today: date, lang: str) -> Iterator[Entry]:
    yield Entry(today, "", say("calendar_today", lang))
    for name in ("enrol_from", "enrol_until", "campaign_from", "campaign_until"):
        moment = clock_time(book, name)
        if moment is not None:
            ends, what = name.endswith("_until"), say(f"calendar_{name}", lang)
            if moment.time() != time():  # midnight goes without saying
                when = say("calendar_until", lang, time=f"{moment:%H:%M}") if ends else f"{moment:%H:%M}"
                what = say("calendar_at", lang, what=what, time=when)
            yield Entry((moment - timedelta(microseconds=ends)).date(), "", what)


def _listed(chart: Chart, top: float, entry: Entry, lines: Sequence[str], lang: str) -> None:
    y, weekday = top + _ROW / 2, say("calendar_weekdays", lang).split()[entry.day.weekday()]
    colour = INK if entry.mark else QUIET
    chart.write(MARGIN, y, say("calendar_date", lang, date=entry.day, weekday=weekday), BODY, colour)
    if entry.mark:
        _mark(chart, _TEXT - 0.2, y, entry.mark)
    for i, line in enumerate(lines):
        chart.write(_TEXT, y + i * _LINE, line, BODY, colour)


def _key(chart: Chart, y: float, months: Sequence[date], days: Days, lang: str) -> None:
    """What signs mean, those alone that are drawn."""
    drawn = [day for month in months for week in _weeks(month) for day in week]
    kinds = {kind_of(day, days.counted) for day in drawn}
    x = MARGIN
    for kind, sign in (("weekend", ""), ("holiday", "calendar_off"), ("make_up", "calendar_work"), ("unknown", "")):
        if kind in kinds:
            if kind == "unknown":
                chart.hatched(x, y - 0.08, 0.4, 0.16, UNKNOWN)
            else:
                chart.box(x, y - 0.08, 0.4, 0.16, PAPER if kind == "make_up" else _REST)
            chart.page.add_patch(Rectangle((x, y - 0.08), 0.4, 0.16, fill=False, ec=LINE, lw=0.6))
            if sign:
                chart.write(x + 0.2, y, say(sign, lang), _TINY, QUIET, "center")
            x = _said(chart, x + 0.48, y, f"calendar_key_{kind}", lang)
    if days.today in drawn:
        chart.page.add_patch(Rectangle((x, y - 0.08), 0.4, 0.16, fill=False, ec=INK, lw=1.8))
        x = _said(chart, x + 0.48, y, "calendar_today", lang)
    if days.submit:
        _mark(chart, x + 0.1, y, "1")
        _said(chart, x + 0.27, y, "calendar_key_submit", lang)


def _said(chart: Chart, x: float, y: float, key: str, lang: str) -> float:
    chart.write(x, y, say(key, lang), SMALL, QUIET)
    return x + width(say(key, lang), SMALL) + 0.25


def _mark(chart: Chart, x: float, y: float, text: str) -> None:
    """A number in a disc."""
    chart.page.add_patch(Circle((x, y), 0.095, fc=FAIL.text, lw=0))
    chart.write(x, y, text, _TINY + 1, PAPER, "center")


def _title(assessment: Assessment, days: Days, lang: str) -> str:
    """By when to submit; where working days don't count, when the campaign is."""
    if told := next(deadlines_told(assessment, lang), None):
        return told
    if days.enrol is None or days.campaign is None:
        return say("calendar_title_none", lang)
    first, last = days.campaign
    return say("calendar_title", lang, enrol=days.enrol.last, first=first, last=last)
