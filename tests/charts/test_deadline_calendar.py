"""The calendar of a campaign: its days in their cells, China's days off and make-up days, and by when to submit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from campaign_analytics import Assessment, RulebookWarning, assess, load_rulebook
from campaign_analytics.charts import deadline_calendar
from campaign_analytics.charts.deadline_calendar import MOST_MONTHS, Days, Entry, Span, draw, kind_of
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.grid import Text
from campaign_analytics.rulebook.book import Rulebook
from tests.charts.test_pictures import assert_legible, texts
from tests.derive.rows import market_of

both_languages = pytest.mark.parametrize("lang", ["en", "zh"])


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def on() -> Callable[..., Assessment]:
    """An assessment of a market of one merchant, by a rulebook on a day."""

    def assessed(book: Rulebook, day: str) -> Assessment:
        return assess(market_of(book, merchants=[{"merchant_id": "m"}]), book, as_of=day)

    return assessed


OnDay = Callable[..., Assessment]


def listed(chart: Chart) -> list[str]:
    """Dates of the list, in its order."""
    return [text[5:10] for text in texts(chart) if text.startswith("20") and len(text) > 10]


@both_languages
def test_the_title_says_by_when_to_submit_and_the_list_every_day(book: Rulebook, on: OnDay, lang: str) -> None:
    chart = deadline_calendar(on(book, "2024-02-26"), lang)
    assert_legible(chart)
    assert "2024-02-27" in chart.answer
    assert listed(chart) == ["02-23", "02-26", "02-27", "02-28", "02-29", "03-04", "03-05", "03-05"]
    assert {"1", "2", "3", "2024-02" if lang == "en" else "2024年2月"} <= set(texts(chart))


def test_each_reading_says_what_is_sure_then_and_which_counts(book: Rulebook, on: OnDay) -> None:
    said = texts(deadline_calendar(on(book, "2024-02-28T12:00"), "en"))
    assert (
        "Last day to submit for a review before the campaign starts (over by 03-03); it has passed (this"
        in " ".join(said)
    )
    assert "Last day to submit for sure days on the venue: 1 (over by 03-04); full days left: 0" in said
    assert "Last day to submit for a review before the campaign ends (over by 03-05); full days left: 1" in said


def test_days_off_and_make_up_days_of_spring_festival_are_told(book: Rulebook, on: OnDay) -> None:
    said = texts(deadline_calendar(on(book, "2024-02-26"), "en"))
    assert said.count("off") == 8 + 1  # the ten to the seventeenth of February, and the key
    assert said.count("work") == 2 + 1
    assert said.count("enrol") == 12
    assert said.count("campaign") == 2


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2024-02-09", "working"), ("2024-02-10", "holiday"), ("2024-02-16", "holiday"), ("2024-02-18", "make_up"),
        ("2024-02-24", "weekend"), ("2024-02-26", "working"), ("2001-01-01", "unknown"), ("2099-01-01", "unknown"),
    ],
)  # fmt: skip
def test_what_kind_of_day_it_is(day: str, kind: str) -> None:
    assert kind_of(date.fromisoformat(day), counted=True) == kind


def test_where_working_days_do_not_count_there_are_weekends_alone(on: OnDay) -> None:
    assert kind_of(date(2024, 2, 12), counted=False) == "working"
    assert kind_of(date(2099, 1, 3), counted=False) == "weekend"
    chart = deadline_calendar(on(load_rulebook("daily_deals"), "2031-05-02"), "en")
    assert_legible(chart)
    assert chart.answer == "The last day to enrol is 2031-05-07; the campaign runs from 2031-05-12 to 2031-05-14"
    assert not {"off", "work", "1"} <= set(texts(chart))


@both_languages
def test_a_window_of_a_year_is_drawn_by_its_end_and_listed_whole(on: OnDay, lang: str) -> None:
    with warnings.catch_warnings(action="ignore", category=RulebookWarning):
        printed = load_rulebook("spring_2024")
    chart = deadline_calendar(on(printed, "2024-02-26"), lang)
    assert_legible(chart)
    assert listed(chart)[0] == "02-23"
    assert ("2023-02" if lang == "en" else "2023年2月") not in texts(chart)


@both_languages
def test_past_the_calendar_that_is_published_nothing_is_claimed(book: Rulebook, on: OnDay, lang: str) -> None:
    years = {
        "campaign_from": "2099-03-04T00:00",
        "campaign_until": "2099-03-06T00:00",
        "enrol_until": "2099-03-06T00:00",
    }
    later = book.set(years | {"campaign_last_day": "2099-03-05", "review_needed_by": "2099-03-03"})
    chart = deadline_calendar(on(later, "2024-02-26"), lang)
    assert_legible(chart)
    assert any(("not known" if lang == "en" else "未知") in text for text in texts(chart))
    days = Days(date(2099, 3, 1), None, Span(date(2099, 3, 4), date(2099, 3, 5)), {}, counted=True)
    month = draw(Text("t", "s", []), days, [], lang)
    assert_legible(month)
    assert sum(bool(patch.get_hatch()) for patch in month.page.patches) == 31 + 1  # and the key


def test_an_hour_is_told_where_it_is_not_midnight(book: Rulebook, on: OnDay) -> None:
    hours = {"enrol_from": "2024-02-23T09:30", "enrol_until": "2024-03-01T18:00"}
    said = texts(deadline_calendar(on(book.set(hours), "2024-02-26"), "en"))
    assert {"Enrolment opens, 09:30", "Last day to enrol, until 18:00", "Last day of the campaign"} <= set(said)
    assert said.count("enrol") == 8


@pytest.mark.parametrize("months", range(1, MOST_MONTHS + 3))
def test_at_most_four_months_are_drawn(months: int) -> None:
    campaign = Span(date(2024, 2, 10), date(2024, 2, 10) + timedelta(days=30 * (months - 1)))
    days = Days(date(2020, 1, 1), None, campaign, {}, counted=True)
    assert len(days.months()) == min(months, MOST_MONTHS)


@both_languages
def test_a_full_cell_and_a_long_text_find_room(lang: str) -> None:
    make_up = date(2024, 2, 18)
    span = Span(date(2024, 2, 17), date(2024, 2, 20))
    days = Days(make_up, span, span, {make_up: "1"}, counted=True)
    assert_legible(draw(Text("t", "s", []), days, [Entry(make_up, "1", "long " * 60)], lang))


@both_languages
def test_a_rulebook_without_days_says_so(lang: str) -> None:
    days = Days(date(2024, 2, 26), None, None, {}, counted=False)
    assert days.months() == []
    assert_legible(draw(Text("t", "s", []), days, [Entry(days.today, "", "today")], lang))
