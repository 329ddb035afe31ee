"""Rows of text: which delimiter, how wide, where the data begins; and what is no table of any kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found
from campaign_analytics.market.opening import delimited
from campaign_analytics.market.opening.delimited import MOST_COLUMNS, open_delimited
from campaign_analytics.market.raw import Raw

KNOWN = {"商品ID", "商家ID", "标题"}


def opened(text: str | bytes) -> Found:
    data = text if isinstance(text, bytes) else text.encode()
    (found,) = open_delimited("x.csv", Raw.of(data), lambda cells: len(KNOWN & set(cells))).found
    return found


def cells(found: Found) -> list[list[str]]:
    columns = [column.at(column.codes * 0 + range(found.rows)) for column in found.columns]
    return [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, newline: str) -> None:
    rows = [["商品ID", "商家ID", "标题"], ["1", "m", "a,b;c"], ["2", "m", '"\t|"']]
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    found = opened(newline.join(map(delimiter.join, quoted)) + newline)
    assert found.headers == rows[0]
    assert cells(found) == rows[1:]
    assert found.source_rows.tolist() == [2, 3]


def test_a_delimiter_of_unknown_headers_is_what_the_first_row_is_made_of() -> None:
    assert opened("甲;乙;丙\n1;2,5;3\n").headers == ["甲", "乙", "丙"]


def test_rows_are_numbered_as_a_sheet_shows_them() -> None:
    found = opened('说明\n\n商品ID,商家ID,标题\n1,m,"two\nlines"\n\n2,m,x\n注：完\n3,m,y')
    assert found.source_rows.tolist() == [4, 5, 6, 8]
    assert cells(found)[:2] == [["1", "m", "two\nlines"], [""] * 3]
    assert found.misfits == [(7, ["注：完"])]
    assert (found.notes, found.blank, len(found.heads)) == ([(1, "说明")], 1, 1)


def test_one_wide_row_does_not_make_all_others_misfits() -> None:
    found = opened("商品ID,商家ID\n1,m,甲,乙\n2,m\n3,m\n")
    assert (found.rows, found.misfits) == (2, [(2, ["1", "m", "甲", "乙"])])


def test_rows_that_all_end_in_a_delimiter_are_no_misfits() -> None:
    found = opened("商品ID,商家ID\n1,m,\n2,m,\n")
    assert (found.rows, found.headers, found.misfits) == (2, ["商品ID", "商家ID", ""], [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x.csv is empty"),
        (b"\n\t;,\n", "x.csv is empty"),
        (b"a" * 3_000_000, "no row of headers in its first 1,048,576 bytes"),
        (b"a," * 2_000_000, "no row of headers in its first 1,048,576 bytes"),
        (b"a," * 20_000 + b"\n", f"a row of 20,001 cells; expected at most {MOST_COLUMNS:,}"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "x.csv is a web page"),
        (b"\x00\x01\x02\x03" * 1000, "not text, byte 0 is zero"),
        (bytes(range(1, 256)) * 1000, "unknown encoding"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(MarketError) as caught:
        opened(data)
    assert said in str(caught.value)


def test_a_row_that_never_ends_is_kept_apart_and_bounded() -> None:
    found = opened("商品ID,商家ID\n1,m\n" + "x," * 1_000_000 + "\n2,m\n")
    assert found.source_rows.tolist() == [2, 4]
    ((number, text, why),) = found.broken
    assert (number, len(text), why) == (3, 2_000_000, "1000001 cells under 2 headers")


def test_a_quote_that_is_never_closed_ends_with_the_file() -> None:
    assert cells(opened('商品ID,商家ID\n1,m\n2,"m\n3,m\n')) == [["1", "m"], ["2", "m\n3,m\n"]]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["", "商品ID,商家ID\n", "商品ID;商家ID\n1;m\n", '"商品ID"\t商家ID\n']))
def test_any_bytes_are_read_or_refused_and_no_row_is_lost(data: bytes, head: str) -> None:
    for encoding in ("utf-8", "gb18030", "utf-16"):
        try:
            found = opened(head.encode(encoding) + data)
        except MarketError:
            continue
        assert len(found.columns) == len(found.headers)
        assert all(len(column) == found.rows for column in found.columns)
        numbers = [*found.source_rows.tolist(), *(row[0] for row in (*found.misfits, *found.broken))]
        above = len(found.heads) + len(found.notes) + found.blank
        assert sorted(numbers) == list(range(above + 1, above + 1 + len(numbers)))


def test_rows_keep_their_numbers_over_the_blocks_in_which_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    rows = [f"{row},m,甲" if row % 7 else f"{row},m" for row in range(1, 101)]
    found = opened("商品ID,商家ID,标题\n" + "\n".join(rows))
    assert [number for number, _ in found.misfits] == [row + 1 for row in range(7, 101, 7)]
    assert found.source_rows.tolist() == [row + 1 for row in range(1, 101) if row % 7]


def test_a_cell_that_is_larger_than_a_block_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    found = opened(f"商品ID,商家ID,标题\n1,m\n2,m,{'甲' * 99}\n3,m,乙\n")
    assert cells(found) == [["2", "m", "甲" * 99], ["3", "m", "乙"]]
    assert [number for number, _ in found.misfits] == [2]
