"""Plain records in JSON: lists of objects and one a line, under headers as files have them."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market.answers import read_answers
from campaign_analytics.market.grown import MOST_FIELDS
from campaign_analytics.market.opening.encodings import Decoded
from campaign_analytics.market.platform import load_platform
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.read import read_market
from campaign_analytics.market.records import open_records
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown
from tests.market.platform_answers import detail, lines
from tests.market.test_keys import fates

OFFERS = [
    {"商品ID": 610000000000000001, "商家ID": "m", "起批量": "2件", "是否包邮": True, "不包邮地区": ["新疆", "西藏"]},
    {"商品ID": "2", "商家ID": "m", "起批量": None, "大市场发布价": 28.50},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("offers.json", json.dumps(OFFERS, ensure_ascii=False)),
        ("offers.json", json.dumps({"result": {"data": OFFERS}}, indent=1)),
        ("商品.jsonl", "".join(json.dumps(each) + "\n" for each in OFFERS)),
        ("导出.ndjson", "\r\n".join(map(json.dumps, OFFERS))),
        ("offers.json", "\n".join(map(json.dumps, OFFERS))),
    ],
)
def test_records_under_headers_of_any_kind(book: Rulebook, folder: Write, name: str, text: str) -> None:
    place = folder({name: text.encode()})
    if not name.startswith("offers"):
        (place / "offers.csv").unlink()
    market = read_market(place, book)
    assert shown(market, "offer_id") == ["610000000000000001", "2"]
    assert shown(market, "moq") == [2, None]
    assert shown(market, "is_free_shipping") == [True, None]
    assert shown(market, "paid_regions") == ["西藏、新疆", None]
    assert shown(market, "list_price") == [None, 28.5]
    assert fates(market) == {"read": 2, "kept": 2}


def test_one_document_of_several_tables(book: Rulebook, tmp_path: Path) -> None:
    held = {
        "merchants": [{"merchant_id": "m"}],
        "商品": OFFERS,
        "skus": [{"offer_id": "2", "sku_id": "a"}],
        "other": [],
    }
    (tmp_path / "market.json").write_text(json.dumps(held))
    market = read_market(tmp_path / "market.json", book)
    assert (market.merchants.rows, market.offers.rows, market.tables["skus"].rows) == (1, 2, 1)


def test_nested_objects_are_columns_by_their_paths(book: Rulebook, folder: Write) -> None:
    records = [{"offer_id": "1", "merchant_id": "m", "price": {"list": 9.5}, "more": [{"a": 1}]}]
    mapping = '[headers.offers]\n"price.list" = "list_price"'
    market = read_market(folder({"offers.json": json.dumps(records), "market.toml": mapping}), book)
    assert shown(market, "list_price") == [9.5]
    assert market.quality is not None
    assert market.quality.unread("offers") == ("more",)


def test_files_in_gb18030_and_with_a_byte_order_mark(book: Rulebook, folder: Write) -> None:
    text = json.dumps(OFFERS, ensure_ascii=False)
    for data in (text.encode("gb18030"), text.encode("utf-8-sig")):
        assert shown(read_market(folder({"offers.json": data}), book), "moq") == [2, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; expected a JSON document"),
        ("[]", "holds no records"),
        ('{"offer_id": ', "can't be read as JSON: expecting value at column 14; was it cut off?"),
        ('[{"offer_id": "1"},\n {"offer_id"', "can't be read as JSON: expecting ':' delimiter at line 2, column 13"),
        ('{"offer_id": 1, "offer_id": 2}', "the field 'offer_id' stands twice in one object"),
        (r'{"offer_id": 1, "\ud83d": 2, "\ud83e": 3}', "the field '\ufffd' stands twice in one object"),
        ("[" * 100_000, "nested too deep"),
        ("[" * 900 + "]" * 900, "holds no records"),
        ("3", "holds no records"),
    ],
)
def test_what_cannot_be_read_is_said(book: Rulebook, folder: Write, text: str, said: str) -> None:
    with pytest.raises(MarketError) as error:
        read_market(folder({"offers.json": text}), book)
    assert said in str(error.value)


def test_a_field_that_stands_twice_rejects_its_line_alone(book: Rulebook, folder: Write) -> None:
    text = '{"offer_id": 1, "merchant_id": "m"}\n{"offer_id": 2, "offer_id": 3, "merchant_id": "m"}\n'
    market = read_market(folder({"offers.jsonl": text}), book)
    assert shown(market, "offer_id") == ["1"]
    assert fates(market) == {"read": 2, "kept": 1, "rejected": 1}


def test_half_an_emoji_is_a_sign_that_is_not_known(book: Rulebook, folder: Write) -> None:
    """So a text is cut off by those who count in UTF-16."""
    whole, cut = {"offer_id": "1", "merchant_id": "m", "title": "a😀"}, {"offer_id": "2", "merchant_id": "m"}
    rows = [
        whole,
        cut | {"title": "a\ud83d"},
        cut | {"offer_id": "3", "\ude00": {"b": ["\ud83d", "\\ud83d"]}},
        "\ud83d",
    ]
    for name, text in {"offers.json": json.dumps(rows), "offers.jsonl": "\n".join(map(json.dumps, rows))}.items():
        (found,) = open_records(name, Raw.of(text.encode()), len).found
        assert found.headers == ["offer_id", "merchant_id", "title", "\ufffd.b"]
        assert [column.at(np.arange(3)) for column in found.columns[2:]] == [
            ["a😀", "a\ufffd", ""],
            ["", "", "\ufffd|\\ud83d"],
        ]
        assert [each.text for each in found.broken] == ['"\ufffd"']
    market = read_market(folder({"offers.json": json.dumps(rows)}), book)
    assert shown(market, "title") == ["a😀", "a\ufffd", None]
    assert fates(market) == {"read": 4, "kept": 3, "rejected": 1}


def test_names_that_never_end_are_not_headers() -> None:
    record = {"offer_id": "1"} | {f"x{place}": 1 for place in range(MOST_FIELDS + 9)}
    (found,) = open_records("offers.json", Raw.of(json.dumps(record).encode()), len).found
    assert len(found.headers) == MOST_FIELDS
    assert found.told == ("10 fields more than 2,000 are not read",)


PLATFORM = load_platform()
NAMES = st.sampled_from([*sorted(PLATFORM.told_by | PLATFORM.envelopes | PLATFORM.fields), "key", "value"]) | st.text()
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def _decoded(text: str) -> Decoded:
    return Decoded(Raw.of(text.encode()), "utf-8")


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, max_size=4), st.booleans())
def test_any_json_gives_rows_or_a_message_and_loses_no_record(values: list[Any], by_line: bool) -> None:
    text = "\n".join(map(json.dumps, values)) if by_line else json.dumps(values)
    try:
        found = open_records("x.jsonl" if by_line else "x.json", Raw.of(text.encode()), len).found
        answers = read_answers("x", _decoded(text), by_line, PLATFORM.envelopes, PLATFORM.answers)
        records = len(list(answers.records()))
    except MarketError:
        return
    tables = {each.table or each.sheet: each for each in found}
    rows = {name: each.rows for name, each in tables.items() if name in ("offers", "merchants", "")}
    broken = len(found[0].broken)
    assert broken >= len(answers.broken)
    assert sum(rows.values()) >= records - (broken - len(answers.broken))
    for each in found:
        assert all(len(column) == each.rows for column in each.columns)
        assert len(set(each.headers)) == len(each.headers)


@settings(max_examples=20, deadline=None)
@given(st.lists(VALUES, max_size=4))
def test_whatever_lies_between_answers_the_books_of_every_row_are_kept(book: Rulebook, values: list[Any]) -> None:
    with TemporaryDirectory() as place:
        (Path(place) / "answers.jsonl").write_text(lines(detail(1), *values, detail(2)), "utf-8")
        market = read_market(place, book)  # raises where rows don't add up
    assert {"1", "2"} <= set(market.offers.cells["offer_id"].values)
