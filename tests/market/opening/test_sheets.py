"""How far a sheet reaches: no cell of it stands further than is measured, wherever its bytes are cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from campaign_analytics.market.opening.sheets import Sheet, measured

PLACES = st.tuples(st.integers(1, 1_048_576) | st.integers(1, 300), st.integers(1, 16_384) | st.integers(1, 30))


def sheet_of(places: list[tuple[int, int]], low: bool = False, zeros: int = 0, of: str = "", quote: str = '"') -> bytes:
    """A sheet with these cells; its elements may be named as those ``of`` a namespace, and other quotes be used."""
    cells = [f"{get_column_letter(column)}{'0' * zeros}{row}" for row, column in places]
    held = "".join(f'<{of}c r="{cell.lower() if low else cell}" s="1"><{of}v>1.5</{of}v></{of}c>' for cell in cells)
    xml = f"<{of}worksheet><{of}sheetData><{of}row>{held}</{of}row></{of}sheetData></{of}worksheet>"
    return xml.replace('"', quote).encode()


def measured_in(xml: bytes, size: int) -> Sheet | None:
    return measured((xml[start : start + size] for start in range(0, len(xml), size)), lambda: xml)


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
    assert sheet.rows >= 900_001


def test_rows_that_no_sheet_has_are_beyond_all_bounds() -> None:
    sheet = measured_in(b'<sheetData><c r="A123456789012"/><c r="A1"/></sheetData>', 1000)
    assert sheet is not None
    assert sheet.rows > 1 << 31


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
