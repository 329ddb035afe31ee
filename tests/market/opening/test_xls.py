"""Workbooks of old: read as those of today are; measured before, for readers hold all their sheets with all between."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Opened
from campaign_analytics.market.opening.compound import compound, workbook_in
from campaign_analytics.market.opening.workbooks import open_workbook
from campaign_analytics.market.opening.xls import checked
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.read import read_market
from campaign_analytics.market.reading import NOT_COMPUTED
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, reasons, shown

HEAD, ROW = ["商品ID", "商家ID", "标题"], ["610000000001", "m", "甲"]
DAY = datetime(2024, 2, 26)
Then = Callable[[Any], None]


def xls(
    sheets: Mapping[str, Sequence[Sequence[Any]]], then: Then = lambda book: None, *, of_1904: bool = False
) -> bytes:
    """A workbook of these sheets, as Excel wrote it until 2003."""
    book, day = xlwt.Workbook(encoding="utf-8"), xlwt.easyxf(num_format_str="yyyy-mm-dd")
    book.dates_1904 = of_1904
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                sheet.write(y, x, cell, *([day] if isinstance(cell, datetime) else []))
    then(book)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def opened(data: bytes) -> Opened:
    return open_workbook("x.xls", Raw.of(data), lambda cells: len({*HEAD, "PC活动价"} & set(cells)))


def refused(data: bytes, said: str) -> None:
    with pytest.raises(MarketError) as caught:
        opened(data)
    assert said in str(caught.value)


def changed(data: bytes, change: Callable[[bytearray], None]) -> bytes:
    """The workbook with the bytes of its records changed."""
    name, stream = workbook_in("x", data)
    change(stream)
    return compound(name, stream)


def test_a_market_in_one_file(book: Rulebook, tmp_path: Path) -> None:
    offers: list[list[Any]] = [
        ["商品ID", "商家ID", "标题", "PC活动价", "报名时间", "48H揽收率"],
        [610000000001, "m", "春季，新品", 12.5, DAY, "95.3%"],
    ]
    market = xls({"商品": [["导出时间"], *offers], "店铺": [["商家ID", "保证金余额"], ["m", 3000]], "空": []})
    (tmp_path / "导出.xls").write_bytes(market)
    held = read_market(tmp_path / "导出.xls", book)
    assert shown(held, "offer_id") == ["610000000001"]
    assert shown(held, "title") == ["春季，新品"]
    assert str(shown(held, "enrolled_at")[0].tz_convert(book.zone).date()) == "2024-02-26"
    assert held.merchants.cells["protection_deposit"].values.tolist() == [300_000]


def test_merged_cells_hidden_sheets_and_errors_are_told(book: Rulebook, folder: Write) -> None:
    def more(held: Any) -> None:
        offers, old = held.get_sheet(0), held.get_sheet(1)
        offers.write_merge(1, 2, 1, 1, "m")
        offers.row(2).set_cell_error(2, "#DIV/0!")
        old.visibility = 1

    sheets = {"商品": [["商品ID", "商家ID", "起批量"], ["1"], ["2"]], "旧": [HEAD, ROW]}
    market = read_market(folder({"offers.xls": xls(sheets, more)}), book)
    assert shown(market, "merchant_id") == ["m", "m"]
    assert reasons(market, "moq") == {"#DIV/0!": "not understood as a number"}
    assert market.quality is not None
    assert market.quality.unread("") == ("offers.xls: 旧",)


class TestFormulasThatNoProgramHasComputed:
    """Some programs write formulas and no results; readers say nothing of these cells."""

    ROWS: ClassVar[list[list[Any]]] = [
        ["商品ID", "商家ID", "起批量", "标题"],
        ["1", "m", xlwt.Formula("1+1"), xlwt.Formula('"a"&"b"')],
        [xlwt.Formula("A2"), "m", 3, "x"],
    ]

    def test_they_are_told(self, book: Rulebook, folder: Write) -> None:
        market = read_market(folder({"offers.xls": xls({"商品": self.ROWS})}), book)
        assert (shown(market, "moq"), shown(market, "title")) == ([None], [None])
        assert reasons(market, "moq") == reasons(market, "title") == {"=?": NOT_COMPUTED.text}
        assert market.quality is not None
        assert market.quality.rejected("offers")["reason"].tolist() == [f"offer_id: {NOT_COMPUTED.text}"]

    def test_where_some_have_a_result_the_others_give_nothing(self, book: Rulebook, folder: Write) -> None:
        def compute(stream: bytearray) -> None:
            place = stream.index(struct.pack("<H", 0x06) + b"\x1d\x00\x01\x00\x02\x00")
            stream[place + 10 : place + 18] = struct.pack("<d", 2)

        data = changed(xls({"商品": self.ROWS}), compute)
        market = read_market(folder({"offers.xls": data}), book)
        assert (shown(market, "moq"), shown(market, "title")) == ([2], [None])
        assert reasons(market, "title") == {}

    def test_a_zero_that_is_to_be_computed_yet_is_no_result(self, book: Rulebook, folder: Write) -> None:
        def zero(stream: bytearray) -> None:
            for column, flags in ((2, 3), (3, 1)):
                place = stream.index(struct.pack("<HHHH", 0x06, 29 if column == 2 else 31, 1, column))
                stream[place + 10 : place + 20] = struct.pack("<dH", 0, flags)

        data = changed(xls({"商品": self.ROWS}), zero)
        market = read_market(folder({"offers.xls": data}), book)
        assert (shown(market, "moq"), shown(market, "title")) == ([None], ["0"])
        assert reasons(market, "moq") == {"=?": NOT_COMPUTED.text}


def test_shared_texts_over_many_records_are_measured_as_they_are() -> None:
    texts = [f"{place}{'长a'[place % 2] * (place % 40)}" for place in range(30_000)]
    data = xls({"a": [HEAD, *([text, "m", "甲"] for text in texts)]})
    assert checked("x", data).unsaid == {}
    (found,) = opened(data).found
    assert found.columns[0].at(np.arange(found.rows)) == texts


@pytest.mark.parametrize("many", [1, 3])
def test_far_cells_that_ask_for_gigabytes_are_refused(many: int) -> None:
    def far(book: Any) -> None:
        for place in range(many):
            book.get_sheet(place).write(65_535, 255, "x")

    refused(xls({f"s{place}": [HEAD, ROW] for place in range(many)}, far), "reaches to row 65,536 and column 256")


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    size = struct.pack("<HHIIHHH", 0x200, 14, 0, 2**32 - 2, 0, 2**16 - 1, 0)

    def lie(stream: bytearray) -> None:
        place = stream.index(struct.pack("<HH", 0x200, 14))
        stream[place : place + len(size)] = size

    (found,) = opened(changed(xls({"a": [HEAD, ROW]}), lie)).found
    assert found.rows == 1


def test_a_workbook_without_sheets_is_refused_in_words() -> None:
    def unlist(stream: bytearray) -> None:
        place = stream.index(struct.pack("<H", 0x85))
        stream[place : place + 2] = b"\xff\xff"

    refused(changed(xls({"a": [HEAD, ROW]}), unlist), "x.xls is empty")


def test_sheets_that_lie_in_each_other_are_refused() -> None:
    def twice(stream: bytearray) -> None:
        first = stream.index(struct.pack("<H", 0x85))
        second = stream.index(struct.pack("<H", 0x85), first + 4)
        stream[second + 4 : second + 8] = stream[first + 4 : first + 8]

    rows = [HEAD, *([str(row), "m", "甲"] for row in range(500))]
    refused(changed(xls({"a": rows, "b": []}), twice), "damaged")


def test_a_long_text_that_stands_in_thousands_of_cells_is_refused() -> None:
    refused(
        xls({"a": [HEAD, *([str(row), "m", "长" * 32_000] for row in range(20_000))]}), "the texts in its cells are"
    )


@pytest.mark.parametrize("place", [1, 30])
def test_a_ring_of_sectors_has_an_end(place: int) -> None:
    """Sectors that are chained in a ring: readers follow them until the memory is full."""
    data = bytearray(xls({"a": [HEAD, *([str(row), "m", f"标题{row}"] for row in range(300))]}))
    chains = (struct.unpack_from("<I", data, 76)[0] + 1) * 512
    struct.pack_into("<I", data, chains + 4 * place, 0)
    (directory,) = struct.unpack_from("<I", data, 48)
    struct.pack_into("<I", data, chains + 4 * directory, directory)
    with suppress(MarketError):
        opened(bytes(data))


def test_a_password_is_named() -> None:
    def lock(stream: bytearray) -> None:
        place = stream.index(struct.pack("<HH", 0x42, 2))  # the code page becomes the record of a lock
        stream[place : place + 2] = struct.pack("<H", 0x2F)

    refused(changed(xls({"a": [HEAD, ROW]}), lock), "x.xls is locked by a password")
    refused(compound("EncryptedPackage", b"x"), "x.xls is locked by a password")
    refused(compound("WordDocument", b"x"), "there is none in it")


@pytest.mark.parametrize("end", [600, 2000, 5000])
def test_one_that_is_cut_off_is_refused_in_words(end: int) -> None:
    refused(xls({"a": [HEAD, ROW]})[:end], "x.xls can't be read as a workbook")


SMALL = xls({"商品": [HEAD, ROW, [1, 2.5, DAY]], "b": [HEAD]})


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_any_damage_is_read_or_refused(place: int, noise: bytes, whole: bool) -> None:
    with suppress(MarketError):
        opened(SMALL[:place] + noise + (SMALL[place + len(noise) :] if whole else b""))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_any_record_is_read_or_refused(place: int, noise: bytes) -> None:
    def spoil(stream: bytearray) -> None:
        stream[place : place + len(noise)] = noise

    with suppress(MarketError):
        opened(changed(SMALL, spoil))


SERIAL = {False: 45_348, True: 43_886}


@pytest.mark.parametrize("of_1904", [False, True])
def test_days_are_counted_as_the_workbook_says(book: Rulebook, folder: Write, of_1904: bool) -> None:
    cells = [DAY, SERIAL[of_1904], SERIAL[of_1904] + 0.5]
    rows: list[list[Any]] = [
        ["商品ID", "商家ID", "报名时间"],
        *([str(place), "m", cell] for place, cell in enumerate(cells)),
    ]
    market = read_market(folder({"offers.xls": xls({"a": rows}, of_1904=of_1904)}), book)
    noon = DAY.replace(hour=12)
    assert [time.tz_convert(book.zone).tz_localize(None) for time in shown(market, "enrolled_at")] == [DAY, DAY, noon]
