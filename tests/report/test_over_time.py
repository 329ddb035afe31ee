"""Tables of monitoring and of changes as people read them: named, dated, in their language, nothing that only warns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign_analytics import Changes, Monitoring, assess, changes, load_rulebook, monitor, read_market
from campaign_analytics.charts.tables import Table
from campaign_analytics.report.over_time import changes_told, monitoring_told, rulebook_told, told

SNAPSHOTS = Path(__file__).parents[2] / "data" / "fixtures" / "spring_snapshots"
BOOK = load_rulebook("spring_2024", "corrected")
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def found() -> Monitoring:
    return monitor(SNAPSHOTS, BOOK)


@pytest.fixture(scope="module")
def both() -> Changes:
    """Later data by a newer rulebook."""
    early, late = (read_market(SNAPSHOTS / day, BOOK) for day in ("2024-02-29", "2024-03-04"))
    return changes(assess(early, BOOK), assess(late, BOOK.set(min_growth_score=70)))


def rows(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.titles(), cells, strict=True)) for cells in table.cells()]


@pytest.mark.parametrize("name", ["breaches", "at_risk", "refused_moves", "platform", "misread"])
def test_every_table_of_monitoring_has_titles_of_its_own_in_both_languages(found: Monitoring, name: str) -> None:
    for lang in ("en", "zh"):
        titles = told(found, name, lang).titles()
        assert len(set(titles)) == len(titles)
        assert all(bool(CHINESE.search(title)) == (lang == "zh") for title in titles), titles


def test_what_only_warns_and_what_nobody_fails_is_left_out(found: Monitoring) -> None:
    assert len(told(found, "breaches", "en").frame) == (found.breaches()["severity"] == "block").sum()
    assert set(told(found, "misread", "en").frame["rule"]) == {"minimum_order"}
    assert list(monitoring_told(found, "en", 5)) == [
        "Breaches", "Act on first (assumption)", "Moves that may not be", "Rules that the platform reads otherwise",
    ]  # fmt: skip


def test_a_change_tells_both_verdicts_its_cause_and_both_reasons(both: Changes) -> None:
    table = {row["Offer ID"]: row for row in rows(changes_told(both, "offers", "en"))}
    slipping = table["slipping"]
    assert (slipping["Change"], slipping["Before"], slipping["Now"], slipping["Cause"]) == (
        "turned", "pre-qualified", "ineligible", "data and rules together",
    )  # fmt: skip
    assert "76 points" in slipping["Reason before"]
    assert "at least 70 points" in slipping["Reason now"]
    new = table["left_out"]
    assert (new["Change"], new["Before"], new["Now"], new["Cause"]) == ("appeared", "", "pre-qualified", "")
    assert "Offer ID" not in changes_told(both, "merchants", "en").titles()


def test_changes_in_chinese(both: Changes) -> None:
    (row,) = (row for row in rows(changes_told(both, "offers", "zh")) if row["商品ID"] == "slipping")
    assert (row["变化"], row["原结论"], row["现结论"], row["原因"]) == (
        "结论改变", "预审合格", "不合格", "数据与规则共同",
    )  # fmt: skip


def test_what_differs_between_rulebooks(both: Changes) -> None:
    assert rulebook_told(both, "en").cells() == [["二.3(2)", "Lowest growth score", "value", "60 points", "70 points"]]
    assert rulebook_told(both, "zh").cells()[0][2] == "取值"
