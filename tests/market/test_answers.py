"""Records are read one by one: large documents are walked through, and what they say hangs on no part's size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market import answers, document, grown
from campaign_analytics.market.answers import read_answers
from campaign_analytics.market.grown import Grown
from campaign_analytics.market.opening.encodings import Decoded
from campaign_analytics.market.platform import load_platform
from campaign_analytics.market.raw import Raw
from campaign_analytics.market.read import read_market
from campaign_analytics.market.records import open_records
from campaign_analytics.rulebook.book import Rulebook
from tests.market.platform_answers import detail, lines, page
from tests.market.test_records import NAMES, VALUES

MANY = 1000
DETAILS = [detail(number) for number in range(MANY)]
PLAIN = [{"offer_id": str(number), "merchant_id": "m"} for number in range(9 * MANY)]


class Counted(dict[str, Any]):
    """An object of JSON, counted while it is held."""

    alive = most = 0

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)

    def __del__(self) -> None:
        Counted.alive -= 1


@contextmanager
def parts_of(size: int) -> Iterator[None]:
    """Documents are held, and values read at once, by so many characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "PART", size)
        patch.setattr(answers, "SMALL", size)
        yield


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("answers.jsonl", lines(*DETAILS)),
        ("answers.json", json.dumps(DETAILS)),
        ("page.json", json.dumps(page(*DETAILS))),
        ("pages.json", json.dumps({"result": [page(*DETAILS[::2]), page(*DETAILS[1::2])]})),
        ("offers.jsonl", lines(*PLAIN)),
        ("market.json", json.dumps({"merchants": [{"merchant_id": "m"}], "offers": PLAIN}, indent=1)),
    ],
)
def test_however_many_records_there_are_few_are_held(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setattr(document, "_DECODER", json.JSONDecoder(object_pairs_hook=Counted))
    Counted.most = 0
    with parts_of(1 << 13):
        found = open_records(name, Raw.of(text.encode()), len).found
    assert max(each.rows for each in found) >= MANY
    assert 0 < Counted.most < MANY // 2


def test_of_a_table_that_grows_a_bounded_number_of_texts_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grown, "MOST_HELD", 100)
    table, most = Grown(), 0
    for number in range(1000):
        table.add(number, {"a": str(number), "b": "x" * (number % 3), f"c{number // 400}": "same"})
        most = max(most, table.held)
    assert most < 100
    columns = dict(zip(table.headers, table.columns(), strict=True))
    texts = {name: column.distinct.take(column.codes).to_pylist() for name, column in columns.items()}
    assert texts["a"] == [str(number) for number in range(1000)]
    assert texts["b"] == ["x" * (number % 3) for number in range(1000)]
    assert texts["c1"] == [""] * 400 + ["same"] * 400 + [""] * 200
    assert len(columns["c0"].distinct) == 2


def told(text: str, by_line: bool = False) -> Any:
    """What is read of a text: numbers, groups and fields of its records, what is broken; or why it can't be read."""
    platform = load_platform()
    try:
        held = read_answers("x", Decoded(Raw.of(text.encode()), "utf-8"), by_line, platform.envelopes, platform.answers)
        records = [(each.place, each.group, each.fields) for each in held.records()]
    except MarketError as error:
        return str(error)
    return records, held.broken, held.blank


DOCUMENTS = VALUES | st.dictionaries(
    NAMES, st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=4), max_size=4
)


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, st.sampled_from([None, 1]), st.integers(1, 40))
def test_a_document_that_is_walked_through_says_what_it_says_at_once(value: Any, indent: int | None, size: int) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    whole = told(text)
    with parts_of(size):
        assert told(text) == whole


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, st.integers(1, 40), st.data())
def test_so_it_is_said_where_one_is_cut_off(value: Any, size: int, data: st.DataObject) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    cut = text[: data.draw(st.integers(0, len(text)))] + data.draw(st.sampled_from(["", ",", "}", "]", "x", '"', "1."]))
    whole = told(cut)
    with parts_of(size):
        assert told(cut) == whole


def test_a_fault_far_into_a_document_is_said_with_its_place() -> None:
    text = "[" + ",\n".join(map(json.dumps, DETAILS)) + ",\n  {'offerId': 1}]"
    with parts_of(1 << 14):
        assert f"at line {MANY + 1}, column 4" in told(text)
        assert "'a' stands twice in one object" in told(f'{{"a": {json.dumps(DETAILS)}, "a": 2}}')


def test_fields_behind_its_records_may_tell_that_a_document_is_one_record() -> None:
    text = f'{{"data": {json.dumps(PLAIN)}, "offerId": 7, "saleInfo": {{}}}}'
    with parts_of(1 << 10):
        ((place, _, fields),), _, _ = told(text)
    assert (place, fields["offerId"], len(fields["data"])) == (1, "7", len(PLAIN))


@pytest.mark.parametrize("first", [PLAIN[:2], []])
@pytest.mark.parametrize(("last", "numbers"), [(detail(2), [1, 2]), (page(detail(2), detail(3)), [1, 2, 3]), (3, [1])])
def test_records_are_numbered_by_line_unless_some_line_holds_several(
    book: Rulebook, tmp_path: Path, first: list[dict[str, Any]], last: Any, numbers: list[int]
) -> None:
    (tmp_path / "answers.jsonl").write_text(lines(*first, detail(1), last))
    market = read_market(tmp_path, book)
    assert market.offers.origin is not None
    assert market.quality is not None
    assert market.offers.origin.numbers.tolist() == [len(first) + number for number in numbers]
    assert market.quality.rejected("offers")["row"].tolist() == [1, 2][: len(first)] + [len(first) + 2] * (last == 3)
