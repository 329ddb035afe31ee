"""Several names in one cell: listed, run together, or inside a sentence; what may mean something else is missing."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from campaign_analytics.market.sets import read_sets
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import ReadOffers, reasons, shown

ALL = 35
REGIONS = (
    *("北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽"),
    *("福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州"),
    *("云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆", "台湾", "香港", "澳门", "海外"),
)
FORMS = (
    "{}",
    "除{}外包邮",
    "除{}外全国包邮",
    "全国包邮（{}除外）",
    "{}不包邮",
    "{}不发货，其他地区包邮",
    "不包邮地区：{}",
    "all except {}",
)
regions = st.lists(st.sampled_from(REGIONS), min_size=1, unique=True)


def meant(read: ReadOffers, cell: str) -> set[str] | None:
    """The regions that a cell is read as; None = missing."""
    (held,) = shown(read({"paid_regions": [cell]}), "paid_regions")
    return None if held is None else set(filter(None, held.split("、")))


@given(
    names=regions,
    form=st.sampled_from(FORMS),
    between=st.sampled_from(["、", "，", ",", "/", " ", "; ", "|", "和", ""]),
    traditional=st.booleans(),
)
def test_regions_are_read_back(book: Rulebook, names: list[str], form: str, between: str, traditional: bool) -> None:
    text = form.format(between.join(names))
    text = OpenCC("s2t").convert(text) if traditional else text
    column, listed = book.columns["paid_regions"], book.lists["regions"]
    reading = read_sets(pa.array([text]), listed.values, listed.aliases, False, listed.groups, column.says)
    assert {name for bit, name in enumerate(listed.values) if int(reading.values[0]) >> bit & 1} == set(names)
    assert not reading.missing()[0]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("全国包邮", set()),
        ("全國包郵", set()),
        ("无", set()),
        ("新疆维吾尔自治区、西藏自治区、内蒙", {"新疆", "西藏", "内蒙古"}),
        ("新藏青", {"新疆", "西藏", "青海"}),
        ("Xinjiang; Inner Mongolia", {"新疆", "内蒙古"}),
        ("All except Xinjiang, Tibet and Hong Kong", {"新疆", "西藏", "香港"}),
        ("除港澳台及海外地区外包邮", {"香港", "澳门", "台湾", "海外"}),
        ("新疆、西藏不发货，海南不包邮", {"新疆", "西藏", "海南"}),
        ("新疆20元，西藏25元，其他地区包邮", {"新疆", "西藏"}),
        ("新疆、西藏运费12.5元", {"新疆", "西藏"}),
    ],
)
def test_ways_to_say_where_freight_is_charged(read_offers: ReadOffers, cell: str, names: set[str]) -> None:
    assert meant(read_offers, cell) == names


@pytest.mark.parametrize(
    "cell", ["仅江浙沪包邮", "江浙沪包邮，其他地区不包邮", "江浙沪包邮，其他地区10元", "除江苏、浙江、上海外不包邮"]
)
def test_free_to_some_alone_is_charged_to_all_others(read_offers: ReadOffers, cell: str) -> None:
    assert meant(read_offers, cell) == set(REGIONS) - {"江苏", "浙江", "上海"}


@pytest.mark.parametrize("cell", ["不包邮", "全国不包邮", "买家承担运费", "全国不包邮；新疆不发货"])
def test_charged_everywhere(read_offers: ReadOffers, cell: str) -> None:
    assert meant(read_offers, cell) == set(REGIONS)


@pytest.mark.parametrize(
    "cell",
    [
        *("包邮", "江浙沪包邮", "新疆包邮", "其他地区包邮", "偏远地区除外", "除偏远地区外包邮", "部分地区不包邮"),
        *(
            "新疆、西藏等地区除外",
            "新疆、火星",
            "火星",
            "新疆0元",
            "除外",
            "除外包邮",
            "运费模板1",
            "新疆西",
            "AB",
            "、",
        ),
        *("全国包邮，不包邮", "全国包邮，仅江浙沪包邮", "仅江苏包邮，仅浙江包邮", "仅江浙沪包邮，其他地区包邮"),
    ],
)
def test_what_may_mean_something_else_is_missing(read_offers: ReadOffers, cell: str) -> None:
    market = read_offers({"paid_regions": [cell]})
    assert shown(market, "paid_regions") == [None]
    assert reasons(market, "paid_regions") == {cell: "not in the list"}


def test_a_sentence_is_reported_with_what_it_became(read_offers: ReadOffers) -> None:
    market = read_offers({"paid_regions": ["除新疆西藏外包邮", "新疆、西藏"]})
    assert market.quality is not None
    repaired = market.quality.cells("repaired")
    assert repaired[["raw", "became"]].to_numpy().tolist() == [["除新疆西藏外包邮", "西藏、新疆"]]


@given(text=st.text() | st.text("新疆西藏海外台港除不包邮全国其他地区仅元0123456789、，（） ", max_size=60))
def test_no_text_breaks_a_set(book: Rulebook, text: str) -> None:
    column, listed = book.columns["paid_regions"], book.lists["regions"]
    reading = read_sets(pa.array([text]), listed.values, listed.aliases, False, listed.groups, column.says)
    assert 0 <= int(reading.values[0]) < 1 << ALL


def test_names_of_one_letter_do_not_run_together() -> None:
    reading = read_sets(pa.array(["a b", "ab", "cdef", "a,cd"]), ("a", "b", "cd", "ef"), {}, False)
    assert reading.values.tolist() == [3, 0, 12, 5]
    assert reading.missing().tolist() == [False, True, False, False]
