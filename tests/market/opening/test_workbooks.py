"""Workbooks: every sheet a part; merged cells, formulas, hidden sheets; and files that only claim to be small."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Opened
from campaign_analytics.market.opening.workbooks import open_workbook
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.read import read_market
from campaign_analytics.market.reading import NOT_COMPUTED
from campaign_analytics.market.reasons import in_language
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, reasons, shown
from tests.market.opening.books import SHEET, book_of, patched

KNOWN = {"商品ID", "商家ID", "标题", "PC活动价", "手机活动价"}
HEAD, ROW = ["商品ID", "商家ID", "标题"], ["1", "m", "甲"]


def opened(data: bytes) -> Opened:
    return open_workbook("x.xlsx", Raw.of(data), lambda cells: len(KNOWN & set(cells)))


def rows_of(data: bytes) -> list[list[str]]:
    (found,) = opened(data).found
    columns = [column.at(np.arange(found.rows)) for column in found.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def test_one_sheet_is_called_by_its_file() -> None:
    (found,) = opened(book_of({"导出": [HEAD, ROW], "Sheet2": []})).found
    assert (found.place, found.sheet, found.headers, found.source_rows.tolist()) == ("x.xlsx", "", HEAD, [2])


def test_every_sheet_is_a_part() -> None:
    both = opened(book_of({"商品": [["导出"], [], HEAD, ROW], "店铺": [["商家ID"], ["m"]]})).found
    assert [(found.place, found.sheet) for found in both] == [("x.xlsx: 商品", "商品"), ("x.xlsx: 店铺", "店铺")]
    assert (both[0].notes, both[0].blank, both[0].source_rows.tolist()) == ([(1, "导出")], 1, [4])


def test_a_table_may_stand_anywhere_in_its_sheet() -> None:
    (found,) = opened(book_of({"a": [*[[]] * 99, ["", "", *HEAD], ["", "", *ROW]]})).found
    assert (found.headers, found.source_rows.tolist(), found.blank) == (["", "", *HEAD], [101], 99)


def test_a_hidden_sheet_is_told_and_not_read() -> None:
    held = opened(book_of({"a": [HEAD, ROW], "旧": [HEAD, ROW]}, lambda book: book.worksheets()[1].hide()))
    assert [found.place for found in held.found] == ["x.xlsx"]
    assert held.unread == [("x.xlsx: 旧", "a hidden sheet; show it, or delete it", "")]


def test_merged_headers_and_cells() -> None:
    def merge(book: Any) -> None:
        sheet = book.worksheets()[0]
        for place, text in {"A1:A2": "商品ID", "B1:B2": "商家ID", "C1:D1": "价格", "B3:B4": "m"}.items():
            sheet.merge_range(place, text)

    rows: list[list[Any]] = [[], ["", "", "PC活动价", "手机活动价"], ["1", "m", 1, 2], ["2", "", 3, 4]]
    (found,) = opened(book_of({"a": rows}, merge)).found
    assert (found.headers, len(found.heads)) == (["商品ID", "商家ID", "PC活动价", "手机活动价"], 2)
    assert found.columns[1].at(np.arange(2)) == ["m", "m"]
    assert found.told == ("headers in rows 1 and 2", "3 cells that are merged with one above hold what it holds")


def test_merged_cells_and_formulas_in_a_table_that_begins_further_on() -> None:
    held = openpyxl.Workbook()
    sheet = held.active
    assert sheet is not None
    for place, value in {
        "C3": "商品ID",
        "D3": "商家ID",
        "E3": "标题",
        "C4": 1,
        "D4": "m",
        "E4": "=A1",
        "C5": 2,
    }.items():
        sheet[place] = value
    sheet.merge_cells("D4:D60")
    sheet["C60"] = 3
    data = io.BytesIO()
    held.save(data)
    (found,) = opened(data.getvalue()).found
    assert (found.headers, found.source_rows.tolist()) == (["", "", *HEAD], list(range(4, 61)))
    rows = [column.at(np.array([0, 1, 56])) for column in found.columns]
    assert rows == [[""] * 3, [""] * 3, ["1", "2", "3"], ["m"] * 3, ["=A1", "", ""]]
    assert found.told == ("headers in row 3", "56 cells that are merged with one above hold what it holds")


def test_values_are_spelled_exactly() -> None:
    row: list[Any] = [610000000001, 0.1, True, datetime(2024, 2, 26), "=1"]
    data = book_of({"a": [[*HEAD, "d", "e"], row]})
    assert rows_of(data) == [["610000000001", "0.1", "true", "2024-02-26", "=1"]]


def test_a_formula_is_its_value_or_else_its_text_and_is_never_run() -> None:
    held = openpyxl.Workbook()
    assert held.active is not None
    for row in (HEAD, ["1", "m", '=HYPERLINK("http://x","&")'], ["2", "=B2", "x"]):
        held.active.append(row)
    data = io.BytesIO()
    held.save(data)
    assert rows_of(data.getvalue()) == [["1", "m", '=HYPERLINK("http://x","&")'], ["2", "=B2", "x"]]


def test_a_formula_without_a_result_is_no_text_and_no_identifier(book: Rulebook, folder: Write) -> None:
    held = openpyxl.Workbook()
    assert held.active is not None
    for row in (HEAD, ["1", "m", "=HYPERLINK(A2)"], ["2", "m", "=热卖= A1 = 新款"], ["=A3", "m", "x"]):
        held.active.append(row)
    data = io.BytesIO()
    held.save(data)
    market = read_market(folder({"offers.xlsx": data.getvalue()}), book)
    assert shown(market, "offer_id") == ["1", "2"]
    assert shown(market, "title") == [None, "=热卖= A1 = 新款"]
    assert reasons(market, "title") == {"=HYPERLINK(A2)": NOT_COMPUTED.text}
    assert market.quality is not None
    assert market.quality.rejected("offers")["reason"].tolist() == [f"offer_id: {NOT_COMPUTED.text}"]


def test_a_zero_for_a_formula_that_is_to_be_computed_yet_is_no_result(book: Rulebook, folder: Write) -> None:
    """So libraries write them that compute nothing: no stock and no points would be read out of thin air."""

    def computed(held: Any) -> None:
        held.worksheets()[0].write_formula("C2", "=B2+1")
        held.worksheets()[0].write_formula("C3", "=1+1", value=2)
        held.worksheets()[0].write_formula("D2", "=TODAY()", held.add_format({"num_format": "yyyy-mm-dd"}))

    rows: list[list[Any]] = [
        ["商品ID", "商家ID", "库存", "报名时间"],
        ["1", "m"],
        ["2", "m", "", datetime(2024, 2, 26)],
        ["3", "m", 0],
    ]
    data = book_of({"a": rows}, computed)
    market = read_market(folder({"offers.xlsx": data}), book)
    assert shown(market, "stock") == [None, 2, 0]
    assert shown(market, "enrolled_at")[0] is None
    assert reasons(market, "stock") == {"=B2+1": NOT_COMPUTED.text}
    assert reasons(market, "enrolled_at") == {"=TODAY()": NOT_COMPUTED.text}


@pytest.mark.parametrize("value", [b"<v></v>", b"<v/>"])
@pytest.mark.parametrize("on_load", [True, False])
def test_a_formula_whose_result_is_the_empty_text_is_blank(value: bytes, on_load: bool) -> None:
    """Its cell says that its result is a text; one that says nothing has no result."""
    data = book_of({"a": [HEAD, ["1", "m"]]}, lambda book: book.worksheets()[0].write_formula("C2", "=B2"))
    if not on_load:
        data = patched(data, "xl/workbook.xml", lambda xml: xml.replace(b' fullCalcOnLoad="1"', b""))
    none = patched(data, SHEET, lambda xml: xml.replace(b"<v>0</v>", value))
    empty = patched(none, SHEET, lambda xml: xml.replace(b'<c r="C2"', b'<c r="C2" t="str"'))
    unsaved = patched(empty, SHEET, lambda xml: xml.replace(value, b""))
    assert [rows_of(each) for each in (none, empty, unsaved)] == [
        [["1", "m", "=B2"]],
        [["1", "m", ""]],
        [["1", "m", "=B2"]],
    ]


def test_a_formula_is_told_with_its_quotes_however_they_are_written() -> None:
    data = book_of({"a": [HEAD, ["1", "m"]]}, lambda book: book.worksheets()[0].write_formula("C2", '=A1&"x"'))
    data = patched(data, SHEET, lambda xml: re.sub(rb"<f>.*?</v>", b"<f>A1&amp;&quot;x&quot;</f><v></v>", xml))
    assert rows_of(data) == [["1", "m", '=A1&"x"']]


def test_an_error_in_a_cell_is_told(book: Rulebook, folder: Write) -> None:
    def broken(held: Any) -> None:
        held.worksheets()[0].write_formula("C2", "=1/0", value="#DIV/0!")

    data = book_of({"a": [["商品ID", "商家ID", "起批量"], ["1", "m"], ["2", "m", 2]]}, broken)
    market = read_market(folder({"offers.xlsx": data}), book)
    assert shown(market, "moq") == [None, 2]
    assert reasons(market, "moq") == {"#DIV/0!": "not understood as a number"}


class TestDaysSince1904:
    """A workbook says whether it counts days from 1900 or from 1904: the same number is four years apart."""

    def written(self, *rows: Sequence[Any]) -> bytes:
        held = openpyxl.Workbook()
        held.epoch = CALENDAR_MAC_1904
        assert held.active is not None
        for row in rows:
            held.active.append(row)
        data = io.BytesIO()
        held.save(data)
        return data.getvalue()

    def test_dates_and_bare_numbers(self, book: Rulebook, folder: Write) -> None:
        cells = [datetime(2024, 2, 26, 9), 43886, 43886.375, "43886", "2024/2/26"]
        rows: list[list[Any]] = [
            ["商品ID", "商家ID", "报名时间"],
            *([str(place), "m", cell] for place, cell in enumerate(cells)),
        ]
        market = read_market(folder({"offers.xlsx": self.written(*rows)}), book)
        times = [time.tz_convert(book.zone).strftime("%Y-%m-%d %H") for time in shown(market, "enrolled_at")]
        assert times == [f"2024-02-26 {hour}" for hour in ("09", "00", "09", "00", "00")]
        assert market.quality is not None
        assert "days are counted from 1904 in this workbook" in [each.reason.text for each in market.quality.findings]

    def test_rows_that_were_put_aside_keep_their_day(self, book: Rulebook, tmp_path: Path) -> None:
        rows: list[list[Any]] = [["商品ID", "商家ID", "报名时间"], ["6.1E+11", "m", 43886], ["1", "m", ""]]
        (tmp_path / "offers.xlsx").write_bytes(self.written(*rows))
        (tmp_path / "merchants.csv").write_text("merchant_id\nm\n")
        market = read_market(tmp_path, book)
        assert market.quality is not None
        assert market.quality.rejected("offers")["报名时间"].tolist() == ["45348"]

    def test_days_that_are_given_by_hand(self, book: Rulebook, folder: Write) -> None:
        head = ["subject", "column", "value", "date", "valid_until"]
        data = self.written(head, ["1", "enrolled_at", 43886, 43885, 43887])
        market = read_market(folder({"overrides.xlsx": data}), book)
        ((entry,),) = [given.entries for given in market.overrides]
        assert (entry.raw, entry.dated, entry.valid_until) == ("45348", date(2024, 2, 25), date(2024, 2, 27))


@pytest.mark.parametrize("quote", [b'"', b"'"])
@pytest.mark.parametrize("of", [b"", b"x:"])
def test_elements_and_attributes_may_be_written_in_other_ways(quote: bytes, of: bytes) -> None:
    def other(xml: bytes) -> bytes:
        named = re.sub(rb"<(/?)([A-Za-z])", rb"<\1%s\2" % of, xml)
        return (named.replace(b"xmlns=", b"xmlns:x=") if of else named).replace(b'"', quote)

    def broken(held: Any) -> None:
        held.worksheets()[0].write_formula("C3", "=1/0", value="#DIV/0!")

    data = book_of({"a": [HEAD, ROW, ["2", "m"]]}, broken)
    assert rows_of(patched(data, SHEET, other)) == [ROW, ["2", "m", "#DIV/0!"]]


def test_rows_below_that_hold_formulas_without_a_result_alone_are_rows(book: Rulebook, folder: Write) -> None:
    held = openpyxl.Workbook()
    sheet = held.active
    assert sheet is not None
    for row in (HEAD, ROW, ["=A2+1", "=B2"], [], ["", "=B2"], []):
        sheet.append(row)
    sheet.merge_cells("C2:C4")
    data = io.BytesIO()
    held.save(data)
    assert rows_of(data.getvalue()) == [ROW, ["=A2+1", "=B2", "甲"], ["", "", "甲"], ["", "=B2", ""]]
    market = read_market(folder({"offers.xlsx": data.getvalue()}), book)
    assert shown(market, "offer_id") == ["1"]
    assert market.quality is not None
    assert market.quality.rejected("offers")["row"].tolist() == [3, 5]


def saved(*rows: Sequence[Any]) -> bytes:
    """A workbook as a library writes it that computes nothing."""
    held, data = openpyxl.Workbook(), io.BytesIO()
    assert held.active is not None
    for row in rows:
        held.active.append(row)
    held.save(data)
    return data.getvalue()


def test_columns_at_the_end_that_hold_formulas_without_a_result_alone_are_columns() -> None:
    (found,) = opened(saved([*HEAD, "", "=A1"], ["=A3", "m"], [*ROW, "", "=A2"])).found
    assert found.headers == [*HEAD, "", "=A1"]
    assert [column.at(np.arange(2)) for column in found.columns] == [
        *(["=A3", "1"], ["m", "m"], ["", "甲"]),
        *(["", ""], ["", "=A2"]),
    ]


def test_a_sheet_of_formulas_without_a_result_alone_is_told() -> None:
    data = saved(["=Sheet2!A1", "=Sheet2!B1"], ["=Sheet2!A2", "=Sheet2!B2"])
    said = "nothing but formulas without a result; open the file in a spreadsheet program and save it"
    refused(data, f"x.xlsx: {said}")
    assert in_language(said, "zh") == "只有没有结果的公式；请用表格软件打开并保存"
    both, held = openpyxl.load_workbook(io.BytesIO(data)), io.BytesIO()
    other = both.create_sheet("商品")
    for row in (HEAD, ROW):
        other.append(row)
    both.save(held)
    assert [found.headers for found in opened(held.getvalue()).found] == [HEAD]
    assert opened(held.getvalue()).unread == [("x.xlsx: Sheet", said, "")]


FAR = [(1_048_575, 16_383), (1_048_575, 99), (99_999, 16_383)]


@pytest.mark.parametrize("cell", FAR)
@pytest.mark.parametrize("spelled", [b' r="%s"', b" r='%s'", b' r = "%s"', b'\nr=\n"%s"', b' s="1" r="%s"'])
def test_far_cells_that_ask_for_gigabytes_are_refused(cell: tuple[int, int], spelled: bytes) -> None:
    data = book_of({"a": [HEAD, ROW]}, lambda book: book.worksheets()[0].write(*cell, "x"))
    data = patched(data, SHEET, lambda xml: re.sub(rb' r="([A-Z]+\d+)"', lambda found: spelled % found[1], xml))
    refused(data, "reaches to row")


def test_cells_that_do_not_say_where_they_stand_are_counted() -> None:
    wide, tall = b"<row>" + b"<c><v>1</v></c>" * 2_000 + b"</row>", b"<row><c><v>1</v></c></row>" * 100_000
    xml = b"<worksheet><sheetData>%s</sheetData></worksheet>" % (wide + tall)
    refused(patched(book_of({"a": [HEAD]}), SHEET, lambda _: xml), "reaches to row")


def test_a_long_text_that_stands_in_thousands_of_cells_is_refused() -> None:
    data = book_of({"a": [HEAD, *([str(row), "m", "长"] for row in range(2_000))]})
    refused(
        patched(data, "xl/sharedStrings.xml", lambda xml: xml.replace("长".encode(), b"x" * 600_000)),
        "the texts in its",
    )


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused() -> None:
    refused(patched(book_of({"a": [HEAD]}), SHEET, lambda xml: xml + b" " * (100 << 20)), "unpacks to")


def test_a_workbook_that_says_it_is_smaller_than_it_is_is_refused() -> None:
    """What is measured is all that a reader reads: what lies behind it, a cell that is far away, is never made."""
    data = book_of({"a": [HEAD, ROW]})
    held = zipfile.ZipFile(io.BytesIO(data)).read(SHEET)
    end = held.index(b"</sheetData>")
    data = patched(data, SHEET, lambda xml: xml[:end] + b'<row><c r="XFD1048576"><v>1</v></c></row>' + xml[end:])
    whole = zipfile.ZipFile(io.BytesIO(data)).getinfo(SHEET)
    true = struct.pack("<LLL", whole.CRC, whole.compress_size, whole.file_size)
    said = struct.pack("<LLL", zlib.crc32(held[:end]), whole.compress_size, end)
    refused(data.replace(true, said), "can't be read as a workbook")


def test_many_cells_over_many_columns_are_read() -> None:
    (found,) = opened(book_of({"a": [[f"c{place}" for place in range(1000)], *[[1] * 1000] * 30]})).found
    assert (len(found.headers), found.rows) == (1000, 30)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 nothing of the kind", "x.xlsx can't be read as a zip file"),
        (book_of({"a": []}), "x.xlsx is empty"),
        (book_of({"a": [HEAD, ROW]})[:-200], "x.xlsx can't be read as a zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "x.xlsx can't be read as a workbook"),
        (
            patched(book_of({"a": [HEAD]}), "xl/workbook.xml", lambda _: b"<broken"),
            "x.xlsx can't be read as a workbook",
        ),
        (b"<?xml version='1.0'?><Workbook/>", "x.xlsx can't be read as a workbook"),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(data: bytes, said: str) -> None:
    refused(data, said)


def refused(data: bytes, said: str) -> None:
    with pytest.raises(MarketError) as caught:
        opened(data)
    assert said in str(caught.value)


SMALL = book_of({"a": [HEAD, ROW]}, lambda book: book.worksheets()[0].merge_range("C2:C5", "x"))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_any_damage_is_read_or_refused(place: int, noise: bytes, whole: bool) -> None:
    damaged = SMALL[:place] + noise + (SMALL[place + len(noise) :] if whole else b"")
    with suppress(MarketError):
        opened(damaged)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 2000))
def test_any_xml_is_read_or_refused(noise: bytes, place: int) -> None:
    def spoil(xml: bytes) -> bytes:
        return xml[: place % len(xml)] + noise + xml[place % len(xml) :]

    for member in (SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"):
        with suppress(MarketError):
            opened(patched(SMALL, member, spoil))
