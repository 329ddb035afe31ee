"""Flags, levels, texts, sets and identifiers."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.marks import narrow, narrowed
from campaign_analytics.market.read import read_market
from campaign_analytics.market.words import read_keys
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.model import Column
from tests.market.conftest import ReadOffers, reasons, shown


def test_flags_are_said_in_many_ways(read_offers: ReadOffers) -> None:
    market = read_offers({"is_yanxuan": ["是", "Y", "1", "TRUE", "已開通", "√", "1.0", "ｙｅｓ", "✔\ufe0f"]})
    assert shown(market, "is_yanxuan") == [True] * 9
    market = read_offers({"is_yanxuan": ["否", "n", "0", "False", "未开通", "×", "0.0", " no "]})
    assert shown(market, "is_yanxuan") == [False] * 8


def test_a_flag_that_says_neither_is_missing(read_offers: ReadOffers) -> None:
    market = read_offers({"is_yanxuan": ["是", "部分", "2", "-"]})
    assert shown(market, "is_yanxuan") == [True, None, None, None]
    assert reasons(market, "is_yanxuan") == {"部分": "neither yes nor no", "2": "neither yes nor no"}


def test_levels_are_places_in_their_scale(book: Rulebook) -> None:
    merchants = pd.DataFrame(
        {
            "merchant_id": list("abcdefg"),
            "交易勋章等级": ["AAA", "3A", "ＡＡＡ级", "aaa", "无", "AAAAAA", ""],
            "诚信通L等级": ["L2", "二級", "Ｌ２", "2级", "lv2", "L9", "L6"],
        }
    )
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["a"]})
    cells = read_market({"merchants": merchants, "offers": offers}, book).merchants.cells
    assert cells["trade_medal"].values.tolist()[:5] == [3, 3, 3, 3, 0]
    assert cells["trade_medal"].missing is not None
    assert cells["trade_medal"].missing.tolist() == [False] * 5 + [True, True]
    assert cells["trustpass_level"].to_pandas().tolist()[:5] == ["L2"] * 5


def test_a_name_outside_an_open_list_is_kept_and_doubted(read_offers: ReadOffers) -> None:
    market = read_offers({"category": ["女裝", "五金/工具", " 茶具 ", "古董", "茶具"]})
    assert shown(market, "category") == ["女装", "五金、工具", "茶具", "古董", "茶具"]
    assert set(reasons(market, "category", "doubted")) == {" 茶具 ", "古董", "茶具"}


def test_new_names_do_not_depend_on_the_order_of_rows(read_offers: ReadOffers) -> None:
    names = [read_offers({"category": cells}).offers.cells["category"].names for cells in (["b", "a"], ["a", "b"])]
    assert names[0] == names[1]
    assert names[0][-2:] == ("a", "b")


def test_a_name_outside_a_closed_list_is_missing(read_offers: ReadOffers) -> None:
    market = read_offers({"status": ["已报名", "approved", "奇怪"]})
    assert shown(market, "status") == ["submitted", "approved", None]
    assert reasons(market, "status") == {"奇怪": "not in the list"}


@pytest.mark.parametrize(
    "text", ["甘肃、青海", "甘肃,青海", "青海 甘肃", "甘肃省；青海省", "甘肃/青海", "甘肅|青海", "甘肃，青海，"]
)
def test_sets_are_bits_over_their_list(read_offers: ReadOffers, text: str) -> None:
    cells = read_offers({"paid_regions": [text]}).offers.cells["paid_regions"]
    assert int(cells.values[0]) == sum(1 << cells.names.index(name) for name in ("甘肃", "青海"))
    assert cells.missing is None


def test_a_set_with_an_unknown_name_is_missing_as_a_whole(read_offers: ReadOffers) -> None:
    market = read_offers({"paid_regions": ["甘肃、火星", "无", ""]})
    assert shown(market, "paid_regions") == [None, "", None]
    assert reasons(market, "paid_regions") == {"甘肃、火星": "not in the list"}


def test_a_name_with_spaces_or_separators_inside_is_one_name(book: Rulebook) -> None:
    merchants = pd.DataFrame(
        {"merchant_id": ["a", "b"], "member_types": ["Power Merchant, super factory", "诚信通会员"]}
    )
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["a"]})
    cells = read_market({"merchants": merchants, "offers": offers}, book).merchants.cells["member_types"]
    assert cells.to_pandas().tolist() == ["实力商家、超级工厂", "诚信通会员"]


def test_identifiers_lose_what_spreadsheets_put_around_them(read_offers: ReadOffers) -> None:
    market = read_offers({"offer_id": ["'610000000001", "610000000002.0", "610000000003\t", "６１０", "610000000005"]})
    assert shown(market, "offer_id") == ["610000000001", "610000000002", "610000000003", "610", "610000000005"]
    assert len(reasons(market, "offer_id", "repaired")) == 4


def test_an_identifier_whose_digits_are_lost_rejects_its_row(read_offers: ReadOffers) -> None:
    market = read_offers({"offer_id": ["6.10E+11", "6.1E+11", "610000000003"], "title": ["甲", "乙", "丙"]})
    assert shown(market, "offer_id") == ["610000000003"]
    assert market.quality is not None
    rejected = market.quality.rejected("offers")
    assert rejected[["row", "offer_id", "title"]].to_numpy().tolist() == [[2, "6.10E+11", "甲"], [3, "6.1E+11", "乙"]]


def test_a_hash_that_looks_like_a_power_of_ten_is_none(book: Rulebook) -> None:
    merchants = pd.DataFrame({"merchant_id": ["a", "b"], "alipay_hash": ["123e4567", "6.10E+11"]})
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["a"]})
    cells = read_market({"merchants": merchants, "offers": offers}, book).merchants.cells["alipay_hash"]
    assert cells.values[0] == "123e4567"
    assert cells.missing is not None
    assert cells.missing.tolist() == [False, True]


def test_titles_stay_as_they_are(read_offers: ReadOffers) -> None:
    titles = ["２０２４新款（女）", "=1+1", "最低价！春季连衣裙显瘦气质", "长" * 300, "行\n行"]
    assert shown(read_offers({"title": titles}), "title") == titles


def test_an_empty_cell_means_what_the_vocabulary_says(read_offers: ReadOffers) -> None:
    more = {
        "views": Column(table="offers", type="count", empty=0),
        "reply_rate": Column(table="offers", type="rate", empty="0%"),
        "is_new": Column(table="offers", type="flag", empty=False),
        "nickname": Column(table="offers", type="text", empty="anonymous"),
        "barred": Column(table="offers", type="set", of="regions", empty=[]),
        "grade": Column(table="offers", type="level", options=("low", "high"), empty="high"),
    }
    market = read_offers({name: ["", "?"] for name in more}, more=more)
    assert [shown(market, name)[0] for name in more] == [0, 0, False, "anonymous", "", "high"]
    assert [shown(market, name)[1] for name in more if name != "nickname"] == [None] * 5


@pytest.mark.parametrize("text", ["6.10E11", "6.1e11", "６.10Ｅ＋11", "'6.10E+11", "612,345,678,901", "612,345"])
def test_an_identifier_that_may_be_another_is_missing(text: str) -> None:
    reading = read_keys(pa.array([text]))
    assert reading.missing().tolist() == [True]
    assert [reason.kind for reason in reading.notes] == ["missing"]


@given(
    number=st.integers(1, 10**15),
    form=st.sampled_from(["{}", "'{}", "{}\t", "{}.0", " {} ", "\u3000{}", '="{}"', "={}"]),
)
def test_what_a_spreadsheet_puts_around_an_identifier_is_taken_off(number: int, form: str) -> None:
    assert read_keys(pa.array([form.format(number)])).values.to_pylist() == [str(number)]


@given(text=st.text())
def test_no_text_breaks_an_identifier(text: str) -> None:
    assert len(read_keys(pa.array([text])).values) == 1


@given(st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from("'　 \t\u200bＡ１％"), max_size=6)))
def test_texts_are_narrow_alike_one_by_one_and_in_arrays(texts: list[str]) -> None:
    assert narrowed(pa.array(texts, pa.string())).to_pylist() == [narrow(text) for text in texts]
