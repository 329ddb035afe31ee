"""Values given by hand: read last as cells of their column, put aside where they cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.by_hand import in_force
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write
from tests.market.test_keys import fates

DAY = date(2024, 2, 26)
HEADERS = ["subject", "column", "value", "source", "by", "date", "valid_until"]
MERCHANTS = pd.DataFrame({"merchant_id": ["m", "n"], "保证金余额": ["2000", "5000"], "违禁信息扣分": ["", "5"]})
OFFERS = pd.DataFrame(
    {
        "offer_id": ["1", "2", "3"],
        "merchant_id": ["m", "n", "n"],
        "on_time_pickups_30d": ["180", "", "90"],
        "orders_30d": ["200", "", "100"],
        "list_price": ["10", "", ""],
    }
)


def given(book: Rulebook, *rows: Sequence[str], declared: Declared | None = None) -> Market:
    """A market with these rows of overrides, as on the day."""
    frame = pd.DataFrame([[*row, *[""] * (7 - len(row))] for row in rows], columns=HEADERS, dtype=str)
    tables = {"merchants": MERCHANTS, "offers": OFFERS, "overrides": frame}
    return in_force(read_market(tables, book, declared), book, DAY)


def cells(market: Market, column: str, table: str = "merchants") -> list[object]:
    held = market.tables[table].cells[column].to_pandas()
    return [None if pd.isna(cell) else cell for cell in held]


def put_aside(market: Market) -> dict[int, str]:
    """Row -> why it was put aside."""
    assert market.quality is not None
    rejected = market.quality.rejected("overrides")
    return dict(zip(rejected["row"], rejected["reason"], strict=True))


def test_a_value_by_hand_wins_over_the_file_and_leaves_other_rows_alone(book: Rulebook) -> None:
    market = given(book, ["m", "protection_deposit", "¥3,000元"])
    assert cells(market, "protection_deposit") == [3000, 5000]


def test_a_column_that_is_in_no_file_can_be_given(book: Rulebook) -> None:
    market = given(
        book, ["n", "法院失信", "否"], ["m", "商业合规违规", "0"], ["n", "unit_cost", "1"], ["2", "成本", "1.5"]
    )
    assert cells(market, "court_dishonest") == [None, False]
    assert cells(market, "compliance_violations") == [0, None]
    assert cells(market, "unit_cost", "offers") == [None, 1.5, None]
    assert list(put_aside(market).values()) == ["no such offer in the table offers, of which unit_cost is a column"]


def test_a_column_that_a_recipe_makes_can_be_given_and_ranges_stay_ranges(book: Rulebook) -> None:
    market = given(book, ["m", "months_since_fake_trading", "12以上"])
    (held,) = market.by_hand.values()
    assert (held.column, held.table, held.cells.values.tolist()) == ("months_since_fake_trading", "merchants", [12])
    assert held.cells.high is not None


@pytest.mark.parametrize(
    "name", ["court_dishonest", "法院失信", "Court dishonesty record", "法院失信記錄", " 法院 失信 "]
)
def test_a_column_is_named_by_id_label_or_any_header(book: Rulebook, name: str) -> None:
    assert cells(given(book, ["m", name, "是"]), "court_dishonest") == [True, None]


def test_every_kind_of_cell_is_read_as_in_its_column(book: Rulebook) -> None:
    market = given(
        book,
        ["m", "trade_medal", "3A"],
        ["m", "member_types", "实力商家、超级工厂"],
        ["m", "trustpass_valid_to", "2024年12月31日"],
        ["1", "paid_regions", "新疆 西藏"],
        ["1", "title", "新款"],
        ["1", "moq", "1-3"],
        ["2", "category", "不在名单的类目"],
    )
    assert cells(market, "trade_medal")[0] == "AAA"
    assert cells(market, "member_types") == ["实力商家、超级工厂", None]
    assert str(cells(market, "trustpass_valid_to")[0])[:10] == "2024-12-31"
    assert (
        cells(market, "paid_regions", "offers")[0] == "新疆、西藏"
        or cells(market, "paid_regions", "offers")[0] == "西藏、新疆"
    )
    assert cells(market, "title", "offers") == ["新款", None, None]
    assert cells(market, "category", "offers") == [None, "不在名单的类目", None]
    moq = market.offers.cells["moq"]
    assert moq.high is not None
    assert (moq.values[0], moq.high[0]) == (1, 3)


def test_what_a_text_tells_of_other_columns_is_told_by_hand_too(book: Rulebook) -> None:
    market = given(book, ["1", "moq", "1手/12件"], ["1", "campaign_price", "9折"], ["2", "campaign_price", "9折"])
    told = [cells(market, column, "offers")[0] for column in ("moq", "moq_unit", "batch_size", "campaign_price")]
    assert told == [1, "手", 12, 9]
    assert cells(market, "campaign_price", "offers")[1] is None  # its full price is not known
    assert market.by_hand["moq_unit"].at(0) == market.by_hand["moq"].at(0)


def test_the_unit_of_a_rate_may_be_declared(book: Rulebook) -> None:
    row = ["1", "pickup_rate_48h", "1"]
    assert cells(given(book, row), "pickup_rate_48h", "offers")[0] is None
    said = given(book, row, declared=Declared(units={"pickup_rate_48h": "percent"}))
    assert cells(said, "pickup_rate_48h", "offers")[0] == 0.01


def test_what_is_not_understood_makes_the_cell_unknown_and_is_reported_with_its_row(book: Rulebook) -> None:
    market = given(book, ["m", "protection_deposit", "很多"])
    assert cells(market, "protection_deposit") == [None, 5000]
    held = market.merchants.cells["protection_deposit"]
    assert held.gone[0]
    assert not held.blank[0]
    assert market.quality is not None
    found = market.quality.cells("missing")[["table", "file", "row", "column", "raw"]]
    assert found.to_numpy().tolist() == [["merchants", "the DataFrame overrides", 2, "protection_deposit", "很多"]]


def test_what_cannot_be_used_is_put_aside_with_its_reason(book: Rulebook) -> None:
    market = given(
        book,
        ["m", "法院失", "否"],
        ["x", "法院失信", "否"],
        ["m", "法院失信", ""],
        ["m", "法院失信", "暂无"],
        ["m", "商家ID", "n"],
        ["m", "", "否"],
        ["m", "法院失信", "否", "", "", "", "某天"],
        ["m", "nothing like it", "否"],
        ["", "法院失信", "否"],
        ["m", "法院失信", "否"],
    )
    assert put_aside(market) == {
        2: "no column of merchants or offers is called '法院失'; near court_dishonest (法院失信)",
        3: "no such merchant in the table merchants, of which court_dishonest is a column",
        4: "no value is given",
        5: "no value is given",
        6: "'商家ID' tells rows apart; it can't be given by hand",
        7: "no column is named",
        8: "valid_until: not understood as a date",
        9: "no column of merchants or offers is called 'nothing like it'",
        10: "no subject",
    }
    assert fates(market, "overrides") == {"read": 10, "kept": 1, "rejected": 9}
    assert cells(market, "court_dishonest") == [False, None]


def test_an_end_of_validity_is_the_last_day_on_which_it_holds(book: Rulebook) -> None:
    today, yesterday = (given(book, ["m", "法院失信", "否", "", "", "", day]) for day in ("2024-02-26", "2024-02-25"))
    assert cells(today, "court_dishonest") == [False, None]
    assert "court_dishonest" not in yesterday.by_hand


def test_another_day_starts_from_what_the_files_say(book: Rulebook) -> None:
    market = given(book, ["m", "protection_deposit", "3000", "", "", "", "2024-02-26"])
    later = in_force(market, book, date(2024, 2, 27))
    assert cells(later, "protection_deposit") == [2000, 5000]
    assert cells(in_force(later, book, DAY), "protection_deposit") == [3000, 5000]


def test_values_that_conflict_leave_the_cell_unknown_and_those_that_agree_do_not(book: Rulebook) -> None:
    market = given(
        book,
        ["m", "法院失信", "否", "a"],
        ["m", "法院失信", "是", "b"],
        ["n", "court_dishonest", "否"],
        ["n", "法院失信", "no"],
    )
    assert cells(market, "court_dishonest") == [None, False]
    held = market.by_hand["court_dishonest"]
    assert [[entry.row for entry in held.at(row)] for row in (0, 1)] == [[2, 3], [4, 5]]
    expired = given(book, ["m", "法院失信", "否"], ["m", "法院失信", "是", "", "", "", "2024-01-01"])
    assert cells(expired, "court_dishonest") == [False, None]


def test_conflicting_texts_are_unknown_too(book: Rulebook) -> None:
    assert cells(given(book, ["1", "title", "a"], ["1", "title", "b"]), "title", "offers") == [None, None, None]


def test_a_count_by_hand_changes_the_rate_that_is_made_of_it(book: Rulebook) -> None:
    market = given(
        book,
        ["1", "on_time_pickups_30d", "190"],
        ["3", "on_time_pickups_30d", "95"],
        ["3", "pickup_rate_48h", "50%"],
    )
    assert cells(market, "pickup_rate_48h", "offers") == [0.95, None, 0.5]
    assert [entry.raw for entry in market.by_hand["pickup_rate_48h"].at(0)] == ["190"]


@pytest.mark.parametrize("name", ["overrides.csv", "人工证据.csv", "overrides.xlsx", "overrides.parquet", "a.csv"])
def test_it_is_read_from_any_file_that_a_market_is_read_from(book: Rulebook, folder: Write, name: str) -> None:
    headers = ["对象ID", "列", "值", "来源", "经办人", "日期", "有效期至"]
    frame = pd.DataFrame([["m", "法院失信", "否", "网站", "李娜", "2024-02-20", "2024-03-31"]], columns=headers)
    place = folder({})
    match Path(name).suffix:
        case ".csv":
            frame.to_csv(place / name, index=False, encoding="gb18030")
        case ".xlsx":
            frame.to_excel(place / name, index=False)
        case _:
            frame.to_parquet(place / name)
    market = in_force(read_market(place, book), book, DAY)
    assert cells(market, "court_dishonest") == [False]
    (entry,) = market.by_hand["court_dishonest"].at(0)
    assert (entry.source, entry.by, entry.dated, entry.valid_until, entry.file, entry.row) == (
        "网站", "李娜", date(2024, 2, 20), date(2024, 3, 31), name, 2
    )  # fmt: skip


def test_a_table_without_its_columns_is_refused_with_what_was_looked_for(book: Rulebook, folder: Write) -> None:
    with pytest.raises(MarketError, match=r"overrides\.csv: no column value.*looked for value, 值"):
        read_market(folder({"overrides.csv": "subject,column\nm,moq\n"}), book)


def test_headers_may_be_mapped(book: Rulebook, folder: Write) -> None:
    files = {
        "overrides.csv": "who,column,value\nm,法院失信,否\n",
        "market.toml": '[headers.overrides]\nwho = "subject"',
    }
    assert len(read_market(folder(files), book).overrides) == 1


def test_a_market_without_any_is_itself(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({}), book)
    assert market.overrides == ()
    assert in_force(market, book, DAY) is market
