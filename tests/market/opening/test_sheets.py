"""How far a sheet reaches: no cell of it stands further than is measured, wherever its bytes are cut into pieces."""

from __future__ import annotations

import io
import re

import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from campaign_analytics.errors import MarketError
from campaign_analytics.market.opening.sheets import Sheet, measured
from tests.market.opening.books import SHEET, book_of, patched

PLACES = st.tuples(st.integers(1, 1_048_576) | st.integers(1, 300), st.integers(1, 16_384) | st.integers(1, 30))


def sheet_of(places: list[tuple[int, int]], low: bool = False, zeros: int = 0, of: str = "", quote: str = '"') -> bytes:
    """A sheet with these cells; its elements may be named as those ``of`` a namespace, and other quotes be used."""
    cells = [f"{get_column_letter(column)}{'0' * zeros}{row}" for row, column in places]
    held = "".join(f'<{of}c r="{cell.lower() if low else cell}" s="1"><{of}v>1.5</{of}v></{of}c>' for cell in cells)
    xml = f"<{of}worksheet><{of}sheetData><{of}row>{held}</{of}row></{of}sheetData></{of}worksheet>"
    return xml.replace('"', quote).encode()


def measured_in(xml: bytes, size: int) -> Sheet | None:
    return measured("x", lambda: (xml[start : start + size] for start in range(0, len(xml), size)))


@settings(max_examples=200)
@given(st.lists(PLACES, min_size=1, max_size=30), st.booleans(), st.integers(0, 1), st.integers(1, 200))
def test_the_last_row_and_column_are_found(places: list[tuple[int, int]], low: bool, zeros: int, size: int) -> None:
    sheet = measured_in(sheet_of(places, low, zeros if max(places)[0] < 10**6 else 0), size)
    assert sheet is not None
    assert (sheet.rows, sheet.columns) == (max(row for row, _ in places), max(column for _, column in places))
    assert (sheet.cells, sheet.formulas, sheet.errors) == (len(places), False, False)


@settings(max_examples=100)
@given(
    st.lists(PLACES, min_size=1, max_size=5),
    st.sampled_from(["", "x:", "x-1:"]),
    st.sampled_from("\"'"),
    st.integers(1, 99),
)
def test_so_they_are_however_elements_and_attributes_are_written(
    places: list[tuple[int, int]], of: str, quote: str, size: int
) -> None:
    sheet = measured_in(sheet_of(places, of=of, quote=quote), size)
    assert sheet is not None
    assert (sheet.rows, sheet.columns) == (max(row for row, _ in places), max(column for _, column in places))
    assert sheet.cells == len(places)


@pytest.mark.parametrize("text", [b" r='</v></c>", b" r = 'A9\"</v></c>"])
def test_a_text_that_looks_like_a_reference_hides_none(text: bytes) -> None:
    xml = b"<sheetData><c r='A1' t='str'><v>" + text + b"<c r='B5'><v>1</v></c></sheetData>"
    sheet = measured_in(xml, 1000)
    assert sheet is not None
    assert (sheet.rows, sheet.columns, sheet.cells) == (5, 2, 2)


def test_cells_without_a_place_are_counted_whatever_their_elements_are_called() -> None:
    for of in (b"", b"x:", b"x-1:"):
        cells = b"<%sc><%sv>1</%sv></%sc>" % (of, of, of, of) * 7
        sheet = measured_in(b"<sheetData><%srow>%s</%srow></sheetData>" % (of, cells, of), 1000)
        assert sheet is not None
        assert sheet.columns >= 7


def test_a_row_may_say_where_it_stands_for_its_cells() -> None:
    sheet = measured_in(b'<sheetData><row r="900000"><c><v>1</v></c></row><row><c r="B2"/></row></sheetData>', 7)
    assert sheet is not None
    assert (sheet.rows, sheet.columns) == (900_000, 2)


def test_rows_that_no_sheet_has_are_beyond_all_bounds() -> None:
    sheet = measured_in(b'<sheetData><c r="A123456789012"/><c r="A1"/></sheetData>', 1000)
    assert sheet is not None
    assert sheet.rows > 1 << 31


#: What a sheet may be made of, by who means no good; places are put in.
ODD = [
    *("<row>", '<row r="{row}">', "<row spans='1:3'r=\"{row}\">", "</row>"),
    *("<c/>", "<c><v>1</v></c>", '<c r="{cell}"/>', '<c r="{cell}"><v>1</v></c>', "<c r='{cell}'><v>1</v></c>"),
    *('<c s="1"r="{cell}"><v>1</v></c>', "<c x=' r=\"{cell}\"'><v>1</v></c>", '<c r = "{cell}"><v>1</v></c>'),
    *('<c\nr="{cell}"\n><v>1</v></c>', '<x r="{cell}"/>', '<x:c r="{cell}"><v>1</v></x:c>', "<!--<c r='{cell}'>-->"),
    *('<c r="A1" r="{cell}"><v>1</v></c>', '<c r="{cell}" t="str"><v>is r="{cell}" or r = 1</v></c>', "<cols/>"),
    *("<c x='<c r=\"{cell}\"'><v>1</v></c>", "<c r='A1' t='str'><v><![CDATA[<c r=\"{cell}\">]]></v></c>"),
]
PARTS = st.builds(
    lambda part, row, column: part.format(row=row, cell=f"{get_column_letter(column)}{row}"),
    *(st.sampled_from(ODD), st.integers(1, 99), st.integers(1, 40)),
)
BOOK = book_of({"a": [["x"]]})


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=12), st.integers(20, 400))
def test_no_reader_finds_a_cell_further_on_than_is_measured(parts: list[str], size: int) -> None:
    xml = f"<worksheet><sheetData>{''.join(parts)}</sheetData></worksheet>".encode()
    try:
        read = python_calamine.load_workbook(io.BytesIO(patched(BOOK, SHEET, lambda _: xml))).get_sheet_by_index(0)
        sheet = measured_in(xml, size)
    except (python_calamine.CalamineError, MarketError):
        return
    assert sheet is not None
    row, column = read.end or (-1, -1)
    assert sheet.rows > row
    assert sheet.columns > column


def test_a_text_that_looks_like_a_reference_is_none() -> None:
    cell = b'<c r="B2" t="str"><v>written as r="XFD1048576" or r = 1</v></c>'
    sheet = measured_in(b"<sheetData><row>" + cell + b"</row></sheetData>", 30)
    assert sheet is not None
    assert (sheet.rows, sheet.columns, sheet.cells) == (2, 2, 1)


def test_a_row_without_cells_is_none() -> None:
    sheet = measured_in(b'<sheetData><row r="1048576"/><row r="2"><c r="ZZ2"/></row></sheetData>', 30)
    assert sheet is not None
    assert (sheet.rows, sheet.columns, sheet.cells) == (2, 702, 1)


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (b"<!DOCTYPE a [<!ATTLIST c r CDATA 'A1'>]><sheetData><c/></sheetData>", "it declares a type of document"),
        (b"<sheetData><c s='1' r='A1'></sheetData>", "mismatched tag"),
        (b"<sheetData><c s='1' r='$A$1'/></sheetData>", "'$A$1' is no place in a sheet"),
    ],
)
def test_a_sheet_that_no_parser_reads_is_refused_in_words(xml: bytes, said: str) -> None:
    with pytest.raises(MarketError, match=f"^x can't be read as a workbook: {re.escape(said)}.* save it as xlsx"):
        measured_in(xml, 1000)


@given(st.integers(1, 60))
def test_formulas_and_errors_are_seen(size: int) -> None:
    sheet = measured_in(b'<sheetData><c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c></sheetData>', size)
    assert sheet is not None
    assert (sheet.formulas, sheet.errors) == (True, True)


@given(st.integers(1, 60))
def test_errors_are_seen_in_other_quotes(size: int) -> None:
    sheet = measured_in(b"<sheetData><c r='A1' t='e'><v>#DIV/0!</v></c></sheetData>", size)
    assert sheet is not None
    assert sheet.errors


def test_what_has_no_cells_is_no_sheet() -> None:
    assert measured_in(b'<styleSheet><c r="XFD1048576"/></styleSheet>', 10) is None
