"""Charts of monitoring: the answer in the title, every rule and day in its place, nothing outside the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from campaign_analytics import Monitoring, load_rulebook, monitor
from campaign_analytics.charts import at_risk, breaches
from campaign_analytics.charts.days import through
from campaign_analytics.charts.figure import WIDTH, Chart
from campaign_analytics.demo import demo_snapshots

SNAPSHOTS = Path(__file__).parents[2] / "data" / "fixtures" / "spring_snapshots"
Draws = Callable[[Monitoring, str], Chart]


@pytest.fixture(scope="module")
def found() -> Monitoring:
    return monitor(SNAPSHOTS, load_rulebook("spring_2024", "corrected"))


@pytest.fixture(scope="module")
def odd() -> list[Monitoring]:
    """One day; many days; a campaign that nobody is in yet; one that is over; one without an end."""
    book = load_rulebook("spring_2024", "corrected")
    few = list(demo_snapshots(3, offers=60))
    later = [(day + timedelta(days=400), market) for day, market in few]
    return [
        monitor(few[:1], book),
        monitor(demo_snapshots(70, offers=60), book.set(campaign_until="2024-07-01T00:00:00")),
        monitor(few[:1], book.set(campaign_until="2024-03-02T00:00:00", campaign_from="2024-03-01T00:00:00")),
        monitor(later, book),
        monitor(few, book.set(campaign_until="none")),
    ]


def _texts(chart: Chart) -> list[str]:
    return [text.get_text() for text in chart.page.texts]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_title_says_how_many_breached_and_when_most_did(found: Monitoring, lang: str) -> None:
    chart = breaches(found, lang)
    assert all(number in chart.answer for number in ("4", "18", "02-29", "3"))
    texts = _texts(chart)
    rules = {found.book.rules[rule].clause[0] for rule in found.breaches()["rule"][:5]}
    assert rules <= set(texts)
    assert [text for text in texts if text.startswith("0")] == [
        "02-27",
        "02-28",
        "02-29",
        "03-01",
        "03-02",
        "03-03",
        "03-04",
    ]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_title_says_who_will_fail_and_the_notes_that_it_is_an_assumption(found: Monitoring, lang: str) -> None:
    chart = at_risk(found, lang)
    assert chart.answer.count("2") >= 2
    assert any("assumption" in text.lower() or "推算" in text for text in _texts(chart))


def test_the_title_names_the_rule_that_matters_for_most_offers_unless_several_do(found: Monitoring) -> None:
    one, other = list(found.book.rules)[:2]
    label = found.book.rules[one].label("en", one)
    assert through(found.book, pd.Series({one: 3, other: 2}), "en") == f", most through “{label}”"
    assert through(found.book, pd.Series({one: 2, other: 2}), "en") == ""
    rows = found.breaches()
    offers = found.clocks()["merchant_id"].value_counts()
    reach: dict[str, int] = {}
    for row in rows[rows["severity"] == "block"].itertuples():
        matters = 1 if row.level == "offers" else int(offers.get(row.merchant_id, 0))
        reach[str(row.rule)] = reach.get(str(row.rule), 0) + matters
    most = [rule for rule in reach if reach[rule] == max(reach.values())]
    named = [rule for rule in reach if f"“{found.book.rules[rule].label('en', rule)}”" in breaches(found).answer]
    assert named == (most if len(most) == 1 else [])


def test_who_fails_several_rules_is_at_risk_once(found: Monitoring, monkeypatch: pytest.MonkeyPatch) -> None:
    risks = found.at_risk()
    subjects = len(risks[["level", "offer_id", "merchant_id"]].drop_duplicates())
    other = next(rule for rule in found.book.rules if rule not in set(risks["rule"]))
    twice = pd.concat([risks, risks.assign(rule=other)], ignore_index=True)
    monkeypatch.setattr(Monitoring, "at_risk", lambda self: twice)
    texts = _texts(at_risk(found, "en"))
    assert texts[texts.index("Any rule (offers, merchants)") + 2] == str(subjects)  # after its one day


@pytest.mark.parametrize("draws", [breaches, at_risk])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_odd_campaigns_are_drawn_inside_the_page(odd: list[Monitoring], draws: Draws, lang: str) -> None:
    for each in odd:
        chart = draws(each, lang)
        picture, size = chart._repr_png_()
        assert picture.startswith(b"\x89PNG")
        assert size["alt"] == chart.answer
        canvas = chart.canvas.get_renderer()  # type: ignore[attr-defined]
        for text in chart.page.texts:
            box = text.get_window_extent(canvas)
            assert box.x0 >= 0, text.get_text()
            assert box.x1 <= WIDTH * chart.dpi + 1, text.get_text()
