"""Files of a large market that are not as they should be are named; what was finished stays, and the next run does the
rest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.errors import CampaignError, MarketError, MarketWarning
from campaign_analytics.large import ahead
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.market.typed import HIGH, UNREAD, to_arrow
from campaign_analytics.rulebook.book import Rulebook
from tests.large.conftest import DAY, FILES, OFFERS, completed, finished, indexed
from tests.large.files import write_without
from tests.large.test_parts import alike

#: A file of each table, and the column without which a row of it means nothing.
KEYLESS = [
    ("offers/offers_1", "offer_id"),
    ("merchants", "merchant_id"),
    *((table, "merchant_id") for table in ("penalties", "links")),
    *((table, "offer_id") for table in ("skus", "price_tiers", "price_history", "transactions")),
]

pytestmark = pytest.mark.usefixtures("small_parts")


def test_a_file_that_breaks_off_is_named_before_anything_is_done(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    file = folder / "offers/offers_1.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    with pytest.raises(MarketError, match=r"offers_1\.parquet can't be read as parquet"):
        ca.assess(folder, book, DAY, out=tmp_path / "out")
    file.write_bytes(whole)
    completed(tmp_path / "out", {}, folder, book)


def test_a_file_damaged_inside_is_named_and_the_parts_before_it_stay(
    folder: Path, tmp_path: Path, book: Rulebook
) -> None:
    file = folder / "offers/offers_2.parquet"
    whole = file.read_bytes()
    file.write_bytes(damaged(file))
    with pytest.raises(MarketError, match=r"offers_2\.parquet can't be read as parquet"):
        ca.assess(folder, book, DAY, out=tmp_path / "out")
    before = finished(tmp_path / "out")
    assert len(before) == 2
    file.write_bytes(whole)
    completed(tmp_path / "out", before, folder, book)


@pytest.mark.parametrize("wrong", ["damaged", "of another type", "gone"])
def test_an_index_and_a_cube_say_so_too_and_the_next_run_makes_the_rest(
    folder: Path, tmp_path: Path, book: Rulebook, wrong: str, assessed_rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "THREADS", 1)  # so that the last file is not read before it goes
    coded, file = tmp_path / "coded", folder / "offers/offers_2.parquet"
    whole = file.read_bytes()
    if wrong == "damaged":
        file.write_bytes(damaged(file))
        said = r"offers_2\.parquet can't be read as parquet"
    elif wrong == "of another type":
        held = pyarrow.parquet.read_table(file)
        place = held.column_names.index("moq")
        pyarrow.parquet.write_table(held.set_column(place, "moq", held["moq"].cast(pa.string())), file)
        said = r"offers_2\.parquet: moq: string where a whole number is expected"
    else:
        said = r"offers_2\.parquet is gone since the run began"

    def take_away(done: int, of: int) -> None:
        if wrong == "gone" and file.exists():
            file.rename(tmp_path / "aside")

    for make in (
        lambda: ca.build_index(folder, book, coded, DAY, take_away),
        lambda: ca.what_if_cube(folder, book, ["max_moq"], as_of=DAY, progress=take_away),
    ):
        with pytest.raises(MarketError, match=said):
            make()
        if wrong == "gone":
            (tmp_path / "aside").rename(file)
    with pytest.raises(CampaignError, match="holds no whole index"):
        ca.assess(coded, book)
    file.write_bytes(whole)
    made = indexed(folder, coded, book, assessed_rows)
    assert len(made) == (FILES if wrong == "of another type" else 1)  # which is seen before anything is done


def damaged(file: Path) -> bytes:
    """The file with some bytes of a column's first page lost."""
    whole, held = file.read_bytes(), pyarrow.parquet.ParquetFile(file).metadata
    column = next(at for at in range(held.num_columns) if held.row_group(0).column(at).path_in_schema == "moq")
    start = held.row_group(0).column(column).data_page_offset
    return whole[:start] + bytes(40) + whole[start + 40 :]


def test_an_index_and_a_cube_know_that_a_file_is_new_or_gone_or_says_otherwise(
    folder: Path, tmp_path: Path, book: Rulebook
) -> None:
    coded, new, declared = tmp_path / "coded", folder / "offers/offers_9.parquet", folder / "market.toml"
    ca.build_index(folder, book, coded, DAY)
    cube = ca.what_if_cube(folder, book, ["max_moq"], as_of=DAY)
    ca.fetch(cube, n=1)
    text = declared.read_text("utf-8")

    def told(words: str) -> None:
        with pytest.warns(MarketWarning, match=f"is out of date: {words} since it was made; make it again"):
            ca.assess(coded, book)
        with pytest.raises(CampaignError, match=f"{words} since the cube of"):
            ca.fetch(cube, n=1)

    pyarrow.parquet.write_table(pyarrow.parquet.read_table(folder / "offers/offers_1.parquet").slice(0, 10), new)
    told(r"offers_9\.parquet is new")
    new.unlink()
    declared.write_text(text.replace("penalty_feed_complete = true", "penalty_feed_complete = false"), "utf-8")
    told(r"market\.toml is changed")
    declared.unlink()
    told(r"market\.toml is gone")
    declared.write_text(text, "utf-8")
    (folder / "links.parquet").unlink()
    with pytest.warns(MarketWarning, match=r"links\.parquet is gone"):
        ca.assess(coded, book)
    folder.rename(tmp_path / "elsewhere")  # an index needs no market
    ca.assess(coded, book)


def test_an_index_names_a_file_that_is_gone_since(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    ca.build_index(folder, book, tmp_path / "coded", DAY)
    (folder / "offers/offers_1.parquet").rename(tmp_path / "aside")
    with pytest.warns(MarketWarning, match=r"offers_1\.parquet was there when .* 700 offers are no longer counted"):
        ca.build_index(folder, book, tmp_path / "coded", DAY)
    assert int(ca.assess(tmp_path / "coded", book).summary()["offers"].iloc[0]) == OFFERS - OFFERS // FILES


def test_a_column_that_one_file_lacks_is_missing_there_alone(
    folder: Path, tmp_path: Path, book: Rulebook, market: Market
) -> None:
    for number, lacking in ((0, "moq"), (1, "title"), (2, "campaign_price")):
        file = folder / f"offers/offers_{number}.parquet"
        held = pyarrow.parquet.read_table(file)
        pyarrow.parquet.write_table(held.drop_columns([lacking]), file)
    found = ca.assess(folder, book, DAY)
    of = np.repeat(np.arange(FILES), OFFERS // FILES)
    cells = {
        name: missing(market.offers.cells[name], of == at) for at, name in enumerate(("moq", "title", "campaign_price"))
    }
    told = market.with_table(market.offers.with_cells(cells))
    alike(found, ca.assess(told, book, DAY))


def missing(cells: Cells, rows: Array) -> Cells:
    """The cells, some of them missing besides."""
    return Cells.make(cells.type, cells.values, cells.gone | rows, cells.high, cells.names)


def test_a_column_of_another_type_is_named_with_its_file(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    file = folder / "offers/offers_1.parquet"
    whole = pyarrow.parquet.read_table(file)
    place = whole.column_names.index("moq")
    pyarrow.parquet.write_table(whole.set_column(place, "moq", whole["moq"].cast(pa.string())), file)
    with pytest.raises(MarketError, match=r"offers_1\.parquet: moq: string where a whole number is expected"):
        ca.assess(folder, book, DAY, out=tmp_path / "out")
    pyarrow.parquet.write_table(whole, file)
    completed(tmp_path / "out", {}, folder, book)


@pytest.mark.parametrize(("name", "key"), KEYLESS)
def test_a_row_without_its_key_is_refused_as_it_is_of_a_market_that_is_held(
    folder: Path, book: Rulebook, name: str, key: str
) -> None:
    file, row = folder / f"{name}.parquet", 16
    write_without(file, key, row)
    with pytest.raises(MarketError, match=f"has no {key}; expected one in every row"):
        ca.read_market(folder, book)
    for engine in ("numpy", "duckdb"):
        with pytest.raises(MarketError, match=rf"{file.name}: row {row} has no {key}; expected one in every row"):
            ca.assess(folder, book, DAY, engine=engine)


def test_files_of_merchants_may_differ_too(folder: Path, book: Rulebook, market: Market) -> None:
    whole = to_arrow(market.merchants)
    score = whole["shop_experience_score"]
    half = len(whole) // 2
    (folder / "merchants.parquet").unlink()
    ranged = whole.append_column("shop_experience_score" + HIGH, score)  # a range of nothing
    pyarrow.parquet.write_table(ranged.slice(0, half), folder / "merchants_1.parquet")
    pyarrow.parquet.write_table(whole.slice(half), folder / "merchants_2.parquet")
    alike(ca.assess(folder, book, DAY), ca.assess(market, book, DAY))
    pyarrow.parquet.write_table(whole.slice(half).drop_columns(["merchant_id"]), folder / "merchants_2.parquet")
    with pytest.raises(MarketError, match=r"merchants_2\.parquet: no column merchant_id"):
        ca.assess(folder, book, DAY)


@pytest.mark.parametrize("type", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
@pytest.mark.parametrize("column", ["main_category", "merchant_id"])
def test_one_file_may_have_texts_where_another_has_a_dictionary(
    folder: Path, book: Rulebook, market: Market, column: str, type: pa.DataType
) -> None:
    whole = to_arrow(market.merchants)
    place = whole.schema.get_field_index(column)
    few = whole.slice(0, 3).set_column(place, column, whole[column].slice(0, 3).cast(pa.string()).cast(type))
    (folder / "merchants.parquet").unlink()
    pyarrow.parquet.write_table(few, folder / "merchants_1.parquet")
    pyarrow.parquet.write_table(whole.slice(3), folder / "merchants_2.parquet")
    alike(ca.assess(folder, book, DAY), ca.assess(market, book, DAY))


def test_a_file_that_is_gone_in_the_next_run_is_named_with_its_offers(
    folder: Path, tmp_path: Path, book: Rulebook
) -> None:
    out, file = tmp_path / "out", folder / "offers/offers_1.parquet"
    ca.assess(folder, book, DAY, out=out)
    before = finished(out)
    file.rename(tmp_path / "aside")
    with pytest.warns(MarketWarning, match=r"offers_1\.parquet was there when .* 700 offers are no longer counted"):
        fewer = ca.assess(folder, book, DAY, out=out)
    assert int(fewer.summary()["offers"].iloc[0]) == OFFERS - OFFERS // FILES
    assert finished(out).keys() == before.keys() - {"offers_1-000000000000.parquet"}
    alike(fewer, ca.assess(folder, book, DAY))
    (tmp_path / "aside").rename(file)
    completed(out, {}, folder, book)


def test_a_file_that_goes_while_it_runs_is_named(
    folder: Path, tmp_path: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "THREADS", 1)  # so that the last file is not read before it goes
    file = folder / "offers/offers_2.parquet"

    def take_away(done: int, of: int) -> None:
        if file.exists():
            file.rename(tmp_path / "aside")

    with pytest.raises(MarketError, match=r"offers_2\.parquet is gone since the run began; run the same again"):
        ca.assess(folder, book, DAY, take_away, out=tmp_path / "out")
    before = finished(tmp_path / "out")
    assert before
    (tmp_path / "aside").rename(file)
    completed(tmp_path / "out", before, folder, book)


@pytest.mark.parametrize("change", ["other values", "fewer rows", "fewer row groups", "cut off", "other SKUs"])
@pytest.mark.parametrize("verb", ["assess", "index", "cube"])
def test_a_file_that_changes_while_it_runs_is_named_and_not_mixed_up(
    folder: Path, tmp_path: Path, book: Rulebook, assessed_rows: list[int], verb: str, change: str
) -> None:
    file = folder / ("skus.parquet" if change == "other SKUs" else "offers/offers_2.parquet")
    whole, out, done = pyarrow.parquet.read_table(file), tmp_path / "out", list[int]()

    def meanwhile(at: int, of: int) -> None:
        done.append(at)
        if len(done) > 1:
            return
        if change == "other values":
            moq = pa.array([99] * len(whole), whole["moq"].type)
            changed = whole.set_column(whole.column_names.index("moq"), "moq", moq)
        else:
            changed = whole.slice(0, 300 if change == "fewer row groups" else 600)
        pyarrow.parquet.write_table(changed, tmp_path / "new.parquet", row_group_size=350)
        if change == "cut off":
            (tmp_path / "new.parquet").write_bytes(file.read_bytes()[:999])
        (tmp_path / "new.parquet").replace(file)

    run: Callable[[], object] = {
        "assess": lambda: ca.assess(folder, book, DAY, meanwhile, out=out),
        "index": lambda: ca.build_index(folder, book, out, DAY, meanwhile),
        "cube": lambda: ca.what_if_cube(folder, book, ["max_moq"], as_of=DAY, progress=meanwhile),
    }[verb]
    with pytest.raises(MarketError, match=rf"{file.name} is changed since the run began; run the same again"):
        run()
    if change == "cut off":
        pyarrow.parquet.write_table(whole, file)
    if verb == "assess":
        alike(ca.assess(folder, book, DAY, out=out), ca.assess(folder, book, DAY))
    elif verb == "index":
        indexed(folder, out, book, assessed_rows)


def test_a_column_in_capitals_is_refused_and_not_taken_for_missing(folder: Path, book: Rulebook) -> None:
    file = folder / "offers/offers_1.parquet"
    held = pyarrow.parquet.read_table(file)
    pyarrow.parquet.write_table(held.rename_columns(["MOQ" if n == "moq" else n for n in held.column_names]), file)
    with pytest.raises(MarketError, match=r"offers_1\.parquet: column MOQ: expected moq; write it again"):
        ca.assess(folder, book, DAY)


@pytest.mark.parametrize("end", [HIGH, UNREAD])
def test_ends_of_ranges_and_marks_without_their_column_are_refused(folder: Path, book: Rulebook, end: str) -> None:
    file = folder / "offers/offers_1.parquet"
    held = pyarrow.parquet.read_table(file)
    more = held["moq"] if end == HIGH else pa.array([True] * len(held))
    pyarrow.parquet.write_table(held.append_column(f"moq{end}", more).drop_columns(["moq"]), file)
    with pytest.raises(MarketError, match=rf"offers_1\.parquet: column moq{end} stands without moq; write it again"):
        ca.assess(folder, book, DAY)


def test_two_files_of_one_name_are_refused(folder: Path, book: Rulebook) -> None:
    shutil.copy(folder / "offers/offers_0.parquet", folder / "offers_0.parquet")
    with pytest.raises(MarketError, match=r"two files of offers are named offers_0\.parquet"):
        ca.assess(folder, book, DAY)
