"""One market, however it is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Cells, Market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write

MERCHANTS = pd.DataFrame(
    {
        "商家ID": ["b2b-1", "b2b-2", "b2b-3"],
        "店铺名称": ["甲店", "乙，店", "丙\n店"],
        "交易勋章等级": ["AAA", "无", None],
        "会员身份": ["实力商家、诚信通会员", None, "超级工厂"],
        "保证金余额（元）": [3000.0, 2999.99, None],
        "诚信通到期日": pd.to_datetime(["2025-01-01", "NaT", "2024-06-30"]),
        "法院失信": [False, True, None],
    }
)
OFFERS = pd.DataFrame(
    {
        "商品ID": [610000000001, 610000000002, 610000000003, 610000000004],
        "商家ID": ["b2b-1", "b2b-1", "b2b-2", "b2b-9"],
        "标题": ["新款连衣裙", "收纳盒 “大号”", "a,b", '"quoted"'],
        "近30天48H揽收率": [0.953, 0.9, None, 0.8999999],
        "大市场发布价": [1.4, 13.9, 0.01, None],
        "起批量": [2, 1, None, 12],
        "报名时间": pd.to_datetime(["2024-02-26 10:00:00", "NaT", "2024-03-05 23:59:59", "2024-02-01 00:00:00"]),
    }
)


def csv_in(encoding: str) -> Callable[[pd.DataFrame, Path], None]:
    def write(frame: pd.DataFrame, path: Path) -> None:
        frame.to_csv(path.with_suffix(".csv"), index=False, encoding=encoding)

    return write


def xlsx(frame: pd.DataFrame, path: Path) -> None:
    frame.to_excel(path.with_suffix(".xlsx"), index=False)


def parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path.with_suffix(".parquet"))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(csv_in("utf-8"), id="utf-8"),
        pytest.param(csv_in("utf-8-sig"), id="byte order mark"),
        pytest.param(csv_in("gb18030"), id="gb18030"),
        pytest.param(xlsx, id="xlsx"),
        pytest.param(parquet, id="parquet"),
    ],
)
def test_every_kind_of_file_gives_the_same_market(
    book: Rulebook, tmp_path: Path, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    expected = read_market({"merchants": MERCHANTS, "offers": OFFERS}, book)
    write(MERCHANTS, tmp_path / "merchants")
    write(OFFERS, tmp_path / "商品")
    market = read_market(tmp_path, book)
    for table in ("merchants", "offers"):
        assert market.tables[table].cells.keys() == expected.tables[table].cells.keys()
        for name, cells in market.tables[table].cells.items():
            assert same(cells, expected.tables[table].cells[name]), name


def same(a: Cells, b: Cells) -> bool:
    gone = [np.zeros(len(cells), bool) if cells.missing is None else cells.missing for cells in (a, b)]
    return (
        (a.type, a.names) == (b.type, b.names) and list(gone[0]) == list(gone[1]) and list(a.values) == list(b.values)
    )


@pytest.fixture
def market(book: Rulebook) -> Market:
    return read_market({"merchants": MERCHANTS, "offers": OFFERS}, book)


def test_cells_are_held_in_their_narrowest_form(market: Market) -> None:
    cells = market.offers.cells
    assert cells["offer_id"].values.tolist() == [str(610000000001 + row) for row in range(4)]
    assert cells["list_price"].values.tolist() == [140, 1390, 1, 0]
    assert (cells["list_price"].values.dtype, cells["moq"].values.dtype) == (np.int16, np.int8)
    assert cells["moq"].missing is not None
    assert cells["moq"].missing.tolist() == [False, False, True, False]
    assert cells["pickup_rate_48h"].values.tolist() == [0.953, 0.9, 0, 0.8999999]
    assert market.merchants.cells["protection_deposit"].values.tolist() == [300000, 299999, 0]


def test_an_offer_without_a_merchant_is_kept_and_reported(market: Market) -> None:
    assert market.merchant_row.tolist() == [0, 0, 1, -1]
    assert market.quality is not None
    orphans = market.quality.cells("doubted")
    assert orphans[["row", "column", "raw"]].to_numpy().tolist() == [[5, "merchant_id", "b2b-9"]]


def test_rows_of_nobody_who_is_there_are_kept_and_reported(book: Rulebook, folder: Write) -> None:
    """A mistyped key would hide a penalty."""
    files = {
        "penalties.csv": "merchant_id,penalty_kind\nm,虚假交易\nn,虚假交易\n",
        "skus.csv": "offer_id,sku_id\n1,a\n2,b\n2,c\n",
        "links.csv": "merchant_id,linked_id\nx,m\nx,y\n",
    }
    market = read_market(folder(files), book)
    assert (market.tables["penalties"].rows, market.tables["skus"].rows) == (2, 3)
    assert market.quality is not None
    doubted = market.quality.cells("doubted")[["file", "row", "raw", "reason"]].to_numpy().tolist()
    assert doubted == [
        ["penalties.csv", 3, "n", "no such merchant in the table merchants"],
        ["skus.csv", 3, "2", "no such offer in the table offers"],
        ["skus.csv", 4, "2", "no such offer in the table offers"],
    ]


def test_a_column_that_rules_use_is_missing_where_no_file_has_it(book: Rulebook, market: Market) -> None:
    offers = {name for name in book.required if book.columns[name].table == "offers"}
    assert offers <= market.offers.cells.keys()
    absent = market.offers.cells["growth_score"]
    assert absent.missing is not None
    assert absent.missing.all()
    assert market.quality is not None
    kinds = market.quality.summary().set_index(["table", "column"])["kind"]
    assert kinds["offers", "growth_score"] == "absent"


def test_typed_frames_are_taken_as_they_are(book: Rulebook) -> None:
    offers = pd.DataFrame(
        {
            "offer_id": pd.array([1, 2, 3], "int64"),
            "merchant_id": pd.Categorical(["m", "m", None]),
            "is_yanxuan": pd.array([True, None, False], "boolean"),
            "escrow_supported": [True, None, 0],
            "category": pd.Categorical(["女装", None, "童装"]),
            "paid_regions": [["甘肃", "青海"], None, set()],
            "pickup_rate_48h": np.array([0.5, np.nan, np.inf], np.float32),
            "moq": pd.array([1, None, 3], "Int64"),
            "list_price": [1.1 + 2.2, float("inf"), float("nan")],
        }
    ).set_index("offer_id")
    merchants = pd.DataFrame({"merchant_id": ["m"]})
    market = read_market({"offers": offers, "merchants": merchants}, book)
    cells = {name: held.to_pandas() for name, held in market.offers.cells.items()}
    read = {name: [None if pd.isna(cell) else cell for cell in column] for name, column in cells.items()}
    assert read["offer_id"] == ["1", "2", "3"]
    assert read["merchant_id"] == ["m", "m", None]
    assert read["is_yanxuan"] == [True, None, False]
    assert read["escrow_supported"] == [True, None, False]
    assert read["category"] == ["女装", None, "童装"]
    assert read["paid_regions"] == ["甘肃、青海", None, ""]
    assert read["pickup_rate_48h"] == [0.5, None, None]
    assert read["moq"] == [1, None, 3]
    assert read["list_price"] == [3.3, None, None]
    assert market.quality is not None
    assert set(market.quality.cells("missing")["raw"]) == {"inf"}


def test_optional_tables_are_read_where_given(book: Rulebook, market: Market) -> None:
    assert market.tables.keys() == {"merchants", "offers"}
    penalties = pd.DataFrame(
        {"会员ID": ["b2b-1"], "违规类型": ["虚假交易"], "严重程度": ["严重"], "日期": ["2024-01-05"]}
    )
    more = read_market({"merchants": MERCHANTS, "offers": OFFERS, "penalties": penalties}, book)
    assert more.tables["penalties"].cells["penalty_severity"].to_pandas().tolist() == ["严重"]
    none = read_market({"merchants": MERCHANTS, "offers": OFFERS, "penalties": penalties[:0]}, book)
    assert none.tables["penalties"].rows == 0


def test_columns_that_nobody_knows_are_listed(book: Rulebook) -> None:
    market = read_market({"merchants": MERCHANTS, "offers": OFFERS.assign(备注="x", note="y")}, book)
    assert market.quality is not None
    assert market.quality.unread("offers") == ("备注", "note")


def test_progress_grows_to_the_end(book: Rulebook, tmp_path: Path) -> None:
    MERCHANTS.to_csv(tmp_path / "merchants.csv", index=False)
    OFFERS.to_csv(tmp_path / "offers.csv", index=False)
    steps: list[float] = []
    read_market(tmp_path, book, progress=lambda done, total: steps.append(done / total))
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 1)
    assert len(set(steps)) > 5
