"""A value that was given by hand decides, and wherever it does it is said: by whom, from where, when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pandas as pd

import campaign_analytics as ca
from campaign_analytics.market.schema import Market
from campaign_analytics.report.failures import failures
from campaign_analytics.report.market import market_page
from campaign_analytics.report.merchant import merchant_report
from campaign_analytics.report.write import write_failures, write_fixes

BOOK = ca.load_rulebook("spring_2024", "corrected")
DAY = "2024-02-26"
HEADERS = ["subject", "column", "value", "source", "by", "date", "valid_until"]
TAG = "<script>alert(1)</script>"
COURT = ["m", "法院失信", "否", "执行信息公开网", "李娜", "2024-02-20", "2024-03-31"]
SAID = "given by hand: 否, source: 执行信息公开网, by 李娜, on 2024-02-20, valid until 2024-03-31"


def market(*rows: Sequence[str], deposit: str = "2000") -> Market:
    frame = pd.DataFrame([[*row, *[""] * (7 - len(row))] for row in rows], columns=HEADERS, dtype=str)
    merchants = pd.DataFrame({"merchant_id": ["m", "n"], "主体类型": ["企业", "企业"], "保证金余额": [deposit] * 2})
    offers = pd.DataFrame({"offer_id": ["1", "2", "3"], "merchant_id": ["m", "n", "n"], "起批量": ["9", "9", "9"]})
    return ca.read_market({"merchants": merchants, "offers": offers, "overrides": frame}, BOOK)


def assessed(*rows: Sequence[str], as_of: str = DAY, deposit: str = "2000") -> ca.Assessment:
    return ca.assess(market(*rows, deposit=deposit), BOOK, as_of=as_of)


def line(result: ca.Assessment, rule: str, merchant: str = "m", lang: str = "en") -> str:
    (found,) = [each for each in result.explain(merchant_id=merchant, lang=lang).lines if each.rule == rule]
    return f"{found.outcome}: {found.sentence}"


def test_it_decides_and_the_card_says_where_it_comes_from() -> None:
    result = assessed(COURT)
    assert line(result, "court") == f"pass: Court dishonesty record is no, needs no ({SAID})"
    assert line(result, "court", "n") == "unknown: Court dishonesty record is missing"
    card = result.explain(merchant_id="m")
    origins = next(each for each in card.lines if each.rule == "court").origins
    assert f"court_dishonest: {SAID} (the DataFrame overrides, row 2): no" in origins
    assert "人工填写：否、来源：执行信息公开网、经办人：李娜" in str(card.in_language("zh"))


def test_text_of_the_table_is_escaped_on_cards_and_pages() -> None:
    result = assessed(["m", "法院失信", "否", TAG, TAG])
    for page in (
        result.explain(merchant_id="m")._repr_html_(),
        merchant_report(result, "m").html(),
        market_page(result),
        result.merchant_scorecard("m")._repr_html_(),
    ):
        assert TAG not in page
    assert "&lt;script&gt;" in merchant_report(result, "m").html()


def test_what_has_expired_decides_nothing_and_is_reported() -> None:
    result = assessed(COURT, as_of="2024-04-01")
    assert line(result, "court") == "unknown: Court dishonesty record is missing"
    assert result.overrides()[["subject", "column", "standing"]].to_numpy().tolist() == [
        ["m", "court_dishonest", "expired"]
    ]
    assert "0 values given by hand are in force; others are not: expired 1" in result.headline()


def test_one_market_may_be_assessed_for_several_days() -> None:
    held = market(COURT)
    late, early = (ca.assess(held, BOOK, as_of=day) for day in ("2024-04-01", DAY))
    assert line(early, "court").startswith("pass")
    again = ca.assess(early.market, BOOK, as_of="2024-04-01")
    assert line(again, "court") == line(late, "court") == "unknown: Court dishonesty record is missing"


def test_values_that_conflict_leave_the_rule_unknown_and_both_are_told() -> None:
    result = assessed(COURT, ["m", "法院失信", "是", "电话"])
    told = line(result, "court")
    assert told.startswith("unknown: ")
    assert "given by hand: 否" in told
    assert "given by hand: 是, source: 电话" in told
    assert result.overrides()["standing"].tolist() == ["conflicting", "conflicting"]


def test_what_is_not_understood_leaves_the_rule_unknown() -> None:
    result = assessed(["m", "法院失信", "也许"])
    assert line(result, "court").startswith("unknown: Court dishonesty record could not be read")
    assert result.overrides()["standing"].tolist() == ["not_understood"]


def test_what_a_recipe_makes_may_be_given_and_what_is_made_from_it_follows() -> None:
    assert line(assessed(), "fake_trading").startswith("unknown")
    told = line(assessed(["m", "months_since_fake_trading", "12", "后台"]), "fake_trading")
    assert told.startswith("pass: ")
    assert told.endswith("(given by hand: 12, source: 后台)")
    moq = assessed(["1", "起批量", "2", "后台"]).explain("1")
    counted = next(each for each in moq.lines if each.rule == "minimum_order")
    assert counted.sentence.endswith("(given by hand: 2, source: 后台)")  # of the quantity that it is counted from


def test_it_stands_where_columns_are_made_again() -> None:
    result = assessed(["n", "months_since_fake_trading", "12"], ["n", "法院失信", "否"], deposit="")
    hinges = result.hinges("merchants").set_index("column")
    assert hinges.loc[["court_dishonest", "months_since_fake_trading"], "missing"].tolist() == [1, 1]
    moved = ca.WhatIf(result).set(max_link_depth=1).assessment
    assert moved.outcomes("merchants")["fake_trading"].tolist() == ["unknown", "pass"]


def test_offers_that_rest_on_different_values_are_not_told_alike() -> None:
    result = assessed(["2", "起批量", "9", "截图"])
    told = failures(result).set_index(["offer_id", "rule"])["sentence"]
    assert "source: 截图" in told["2", "minimum_order"]
    assert "by hand" not in told["3", "minimum_order"]


def test_it_is_in_the_workbook_of_failures_and_on_its_merchants_page_alone(tmp_path: Path) -> None:
    result = assessed(["m", "保证金余额", "100", "回单", "王"], ["2", "起批量", "9", "截图"])
    path = tmp_path / "failures.xlsx"
    write_failures(result, path)
    cells = [str(cell.value) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert any("source: 截图" in cell for cell in cells)
    own, other = (merchant_report(result, each) for each in ("m", "n"))
    assert own.by_hand[["column", "in_files", "entered_by"]].to_numpy().tolist() == [
        ["protection_deposit", "2000.00", "王"]
    ]
    assert "回单" in own.html()
    assert "回单" not in other.html()
    assert "截图" in other.html()


def test_it_is_in_the_workbook_of_fixes_beside_the_repairs_of_its_rule(tmp_path: Path) -> None:
    result = assessed(["m", "保证金余额", "100", "回单", "王"], ["2", "起批量", "9", "截图"])
    fixes = result.fixes("2").set_index("rule")["given"]
    assert fixes["minimum_order"] == "Minimum order quantity, given by hand: 9, source: 截图"
    assert set(fixes.drop("minimum_order")) == {""}
    path = tmp_path / "fixes.xlsx"
    write_fixes(result.near_misses(at_most=9), path, "zh")
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(path)["逐项"].iter_rows()]
    given = [row[rows[0].index("填写的值")] for row in rows]
    assert "保证金余额、人工填写：100、来源：回单、经办人：王" in given


def test_a_platform_score_by_hand_says_so_on_the_scorecard() -> None:
    text = assessed(["m", "纠纷投诉分", "4.5", "后台", "王"]).merchant_scorecard("m").text
    assert "4.5" in text
    assert "(given by hand: 4.5, source: 后台, by 王)" in text


def test_repairs_are_made_on_top_of_what_was_given_by_hand() -> None:
    result = assessed(["1", "起批量", "5", "后台"], COURT)
    fixes = result.fixes("1")
    wanted = fixes[fixes["column"] == "moq"].head(1)
    assert len(wanted) == 1
    again = ca.assess(result.apply(wanted), BOOK, as_of=DAY)
    card = again.explain("1")
    counted = next(each for each in card.lines if each.rule == "minimum_order")
    assert counted.outcome == "pass"
    assert "by hand" not in counted.sentence
    assert next(each for each in card.lines if each.rule == "court").sentence.endswith(f"({SAID})")
