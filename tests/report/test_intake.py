"""What is made of somebody's files: a clean market that reads back to the same, a mapping, rows to repair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from campaign_analytics.assess.assessment import assess
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.large.source import Source
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Declared
from campaign_analytics.report.intake import Intake, write_intake
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from tests.market.same import assert_same

SPRING = Path(__file__).parents[2] / "data" / "fixtures" / "spring"
MERCHANTS = pd.DataFrame(
    {"merchant_id": ["m", "n"], "会员身份": ["实力商家、超级工厂", "无"], "交易勋章等级": ["3A", "金牌"]}
)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


def offers(columns: Mapping[str, list[Any]]) -> dict[str, pd.DataFrame]:
    rows = len(next(iter(columns.values())))
    keys = {"offer_id": [str(row + 1) for row in range(rows)], "merchant_id": ["m"] * rows}
    return {"merchants": MERCHANTS, "offers": pd.DataFrame(keys | dict(columns))}


def test_the_clean_market_is_the_same(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(SPRING, book)
    write_intake(market, book, tmp_path)
    again = read_market(tmp_path / "clean", book)
    assert_same(market, again)
    assert again.declared == Declared(market.declared.as_of, penalty_feed_complete=True)
    pd.testing.assert_frame_equal(assess(market, book).offers(), assess(again, book).offers())


@pytest.mark.parametrize(
    "columns",
    [
        {"moq": ["10以内", "10000+", "2-5", "3", "many", ""]},
        {"list_price": ["12.00-15.00", "1.2万", "9", "-1", "", "面议"]},
        {"pickup_rate_48h": ["95.3%", "89.99999%", "", "九成", "100%", "0%"]},
        {"paid_regions": ["新疆、西藏", "无", "", "偏远山区", "甘肃", "[]"]},
        {"category": ["女装", "not listed", "", "=1+1", "a|b", "女装"]},
        {"title": ["'x", "-", "a,b\n", '"', "6.1E+11", ""], "是否包邮": ["是", "否", "", "?", "y", "n"]},
        {"enrolled_at": ["2024-02-26 10:00:00.5", "2024-02-26T10:00:00+01:00", "", "soon", "20240226", "2024-02-26"]},
        {"offer_id": ["1", "1", "2", "2", "3", "4"], "moq": ["1", "2", "3", "3", "x", ""], "title": list("abccde")},
        {"offer_id": list("112234"), "snapshot_at": ["2024-02-01", "2024-02-02"] * 3, "moq": list("123456")},
    ],
    ids=["counts", "money", "rates", "sets", "lists", "texts", "times", "repeats", "snapshots"],
)
def test_whatever_stands_in_it(book: Rulebook, tmp_path: Path, columns: dict[str, list[Any]]) -> None:
    market = read_market(offers(columns), book)
    write_intake(market, book, tmp_path)
    again = read_market(tmp_path / "clean", book)
    assert_same(market, again)
    assert again.quality is not None
    assert market.quality is not None
    assert not again.quality.unread("offers")
    write_intake(again, book, tmp_path / "again")
    assert_same(market, read_market(tmp_path / "again" / "clean", book))


def test_other_tools_read_its_types(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(offers({"moq": ["2-5", "x"], "list_price": ["12.5", "9"], "是否包邮": ["是", ""]}), book)
    write_intake(market, book, tmp_path)
    held = pyarrow.parquet.read_table(tmp_path / "clean" / "offers.parquet").to_pylist()
    assert held[0].keys() >= {"offer_id", "moq", "moq__high", "moq__unread"}
    assert [(str(row["list_price"]), row["moq"], row["moq__high"], row["is_free_shipping"]) for row in held] == [
        ("12.50", 2, 5, True),
        ("9.00", None, None, None),
    ]


def test_columns_that_no_file_had_are_absent_again(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(offers({"moq": ["1"]}), book)
    write_intake(market, book, tmp_path)
    again = read_market(tmp_path / "clean", book)
    assert Intake(again, book, "en").absent().frame.equals(Intake(market, book, "en").absent().frame)


def test_the_mapping_beside_it_reads_the_same_files_again(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(SPRING, book)
    write_intake(market, book, tmp_path)
    assert_same(market, read_market(SPRING, book, tmp_path / "mapping.toml"))


def test_rejected_rows_are_written_and_what_was_edited_stays(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(offers({"offer_id": ["6.1E+11", "2"], "备注": ["a", "b"]}), book)
    written = write_intake(market, book, tmp_path)
    assert [path.name for path in written] == ["clean", "mapping.toml", "offers_rejected.csv"]
    assert "6.1E+11,m,a" in (tmp_path / "offers_rejected.csv").read_text("utf-8-sig")
    mapping = tmp_path / "mapping.toml"
    assert write_intake(market, book, tmp_path) == written
    mapping.write_text(mapping.read_text("utf-8") + "# mine\n", "utf-8")
    with pytest.raises(CampaignError, match="perhaps somebody edited it"):
        write_intake(market, book, tmp_path)
    write_intake(market, book, tmp_path, passed=mapping)
    assert mapping.read_text("utf-8").endswith("# mine\n")


def test_all_is_written_or_nothing(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(offers({"moq": ["1"]}), book)
    (tmp_path / "mapping.toml").write_text("# mine\n", "utf-8")
    with pytest.raises(CampaignError):
        write_intake(market, book, tmp_path)
    assert not list(tmp_path.rglob("*.parquet"))
    (tmp_path / "mapping.toml").unlink()
    (tmp_path / "clean").mkdir(exist_ok=True)
    MERCHANTS.to_parquet(tmp_path / "clean" / "offers.parquet")
    with pytest.raises(CampaignError, match="is not a file that this command wrote"):
        write_intake(market, book, tmp_path)
    assert not (tmp_path / "mapping.toml").exists()


def test_a_table_of_an_earlier_run_does_not_stay(book: Rulebook, tmp_path: Path) -> None:
    penalties = pd.DataFrame({"merchant_id": ["m"], "penalty_kind": ["虚假交易"]})
    frames = offers({"moq": ["1"]})
    write_intake(read_market(frames | {"penalties": penalties}, book), book, tmp_path)
    (tmp_path / "mapping.toml").unlink()
    write_intake(read_market(frames, book), book, tmp_path)
    assert read_market(tmp_path / "clean", book).tables.keys() == {"merchants", "offers"}


def test_a_typed_file_that_was_spoilt_is_refused(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(offers({"moq": ["1", "2"]}), book)
    write_intake(market, book, tmp_path)
    path = tmp_path / "clean" / "offers.parquet"
    held = pyarrow.parquet.read_table(path)
    spoilt = held.set_column(0, "offer_id", pyarrow.array(["1", None], held["offer_id"].type))
    pyarrow.parquet.write_table(spoilt, path)
    with pytest.raises(MarketError, match=r"offers.parquet: row 3 has no offer_id"):
        read_market(tmp_path / "clean", book)


def test_what_was_understood(book: Rulebook) -> None:
    told = Intake(
        read_market(offers({"商品成长分数": ["60"], "备注": [""], "最小起批量": ["2"], "揽收率(%)": ["95.3"]}), book),
        book,
        "en",
    )
    assert told.answer() == "3 of 3 rows understood as data of 2 tables, from 2 sources"
    near = told.unmatched().frame.set_index("header")["near"]
    assert near["商品成长分数"] == "Growth score (growth_score)"
    assert near["备注"] == ""
    matched = told.matched().frame
    assert {"header": "最小起批量", "column": "moq"} in matched[["header", "column"]].to_dict("records")
    assert "Where the tables come from" in dict(told.sections())


def test_values_given_by_hand_stay_apart_and_come_back(book: Rulebook, tmp_path: Path) -> None:
    headers = ["对象ID", "列", "值", "来源", "经办人", "日期", "有效期至"]
    rows = [
        ["1", "pickup_rate_48h", "95", "screen", "Li", "2024-02-20", "2024-02-26"],
        ["m", "法院失信", "否", "", "", "", ""],
    ]
    tables = offers({"moq": ["2"]}) | {"overrides": pd.DataFrame(rows, columns=headers)}
    market = read_market(tables, book, Declared(units={"pickup_rate_48h": "percent"}))
    write_intake(market, book, tmp_path)
    again = read_market(tmp_path / "clean", book)
    assert_same(market, again)
    assert "pickup_rate_48h" not in again.offers.cells or again.offers.cells["pickup_rate_48h"].gone.all()
    for day in ("2024-02-26", "2024-02-27"):
        one, other = (assess(each, book, as_of=day) for each in (market, again))
        told = [each.overrides().drop(columns=["file", "row"]) for each in (one, other)]
        pd.testing.assert_frame_equal(told[0], told[1])
        pd.testing.assert_frame_equal(one.outcomes(), other.outcomes())
    with pytest.raises(MarketError, match=r"values given by hand \(overrides\) can't be applied"):
        Source.open(tmp_path / "clean", book)
    (tmp_path / "mapping.toml").unlink()
    write_intake(read_market(offers({"moq": ["2"]}), book), book, tmp_path)
    assert not (tmp_path / "clean" / "overrides.parquet").exists()
