"""Where headers stand: below notes, under groups, in two languages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from campaign_analytics.market.opening.heads import find_heads

KNOWN = {"商品ID", "商家ID", "标题", "类目", "近30天 48H揽收率", "PC活动价", "手机活动价", "offer_id", "merchant_id"}
HEAD = ["商品ID", "商家ID", "标题"]
DATA = ["610000000001", "b2b-1", "连衣裙"]


def knows(cells: Sequence[str]) -> int:
    return len(KNOWN & set(cells))


def test_in_the_first_row() -> None:
    heads = find_heads([HEAD, DATA, DATA], knows)
    assert heads is not None
    assert (heads.above, len(heads.lines), heads.headers, heads.told()) == (0, 1, HEAD, ())


def test_below_notes_and_empty_rows() -> None:
    rows = [["商家经营数据"], ["导出时间：", "2024-02-26 09:00"], ["说明：标题仅供参考", "", ""], [], HEAD, DATA]
    heads = find_heads(rows, knows)
    assert heads is not None
    assert (heads.data, len(heads.lines), heads.headers, heads.blank) == (5, 1, HEAD, 1)
    assert heads.notes == [(1, "商家经营数据"), (2, "导出时间： 2024-02-26 09:00"), (3, "说明：标题仅供参考")]
    assert heads.told() == ("headers in row 5",)


def test_below_many_empty_rows() -> None:
    heads = find_heads([*[[]] * 200, HEAD, DATA], knows)
    assert heads is not None
    assert (heads.above, heads.blank, heads.headers) == (200, 200, HEAD)


def test_a_note_that_is_a_known_word_is_not_the_header() -> None:
    heads = find_heads([["标题"], ["商品ID", "x", "y"], DATA], knows)
    assert heads is not None
    assert heads.above == 1


def test_headers_again_further_down_are_data_rows() -> None:
    heads = find_heads([HEAD, DATA, HEAD], knows)
    assert heads is not None
    assert (heads.above, len(heads.lines)) == (0, 1)


@pytest.mark.parametrize(
    ("groups", "names", "headers"),
    [
        (["基础信息", "", "价格"], ["商品ID", "商家ID", "PC活动价"], ["商品ID", "商家ID", "PC活动价"]),
        (
            ["商品ID", "商家ID", "价格", ""],
            ["", "", "PC活动价", "手机活动价"],
            ["商品ID", "商家ID", "PC活动价", "手机活动价"],
        ),
        (["商品ID", "商家ID", "近30天"], ["", "", "48H揽收率"], ["商品ID", "商家ID", "近30天 48H揽收率"]),
        (
            ["商品ID", "商家ID", "近7天", "", "近30天", ""],
            ["", "", "成交额", "48H揽收率", "成交额", "48H揽收率"],
            ["商品ID", "商家ID", "近7天 成交额", "近7天 48H揽收率", "近30天 成交额", "近30天 48H揽收率"],
        ),
    ],
)
def test_two_rows(groups: list[str], names: list[str], headers: list[str]) -> None:
    heads = find_heads([["导出"], groups, names, DATA], knows)
    assert heads is not None
    assert (heads.above, len(heads.lines), heads.headers) == (1, 2, headers)
    assert heads.told() == ("headers in rows 2 and 3",)


@pytest.mark.parametrize(
    "rows", [[HEAD, ["offer_id", "merchant_id", "title"]], [["offer_id", "merchant_id", "-"], HEAD]]
)
def test_headers_in_two_languages_are_one_row_of_headers_twice(rows: list[list[str]]) -> None:
    heads = find_heads([*rows, DATA], knows)
    assert heads is not None
    assert (heads.data, len(heads.lines), heads.headers) == (2, 2, HEAD)


def test_without_any_known_header_the_first_row_with_something_is_it() -> None:
    heads = find_heads([[], ["a", "b"], ["1", "2"]], knows)
    assert heads is not None
    assert (heads.above, heads.headers, heads.known) == (1, ["a", "b"], 0)
    assert find_heads([[], ["", " "]], knows) is None
