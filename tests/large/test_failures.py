"""What goes wrong with a large market is said with the file's name; what was finished stays, and the next run does the
rest."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.derive import Derivation
from campaign_analytics.errors import CampaignError, MarketError, MarketWarning
from campaign_analytics.large import ahead, source
from campaign_analytics.market.schema import Array, Cells, Market
from campaign_analytics.market.typed import HIGH, to_arrow
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import written
from tests.large.test_parts import alike

DAY = "2024-02-26"
FILES, OFFERS = 3, 2_100  # files of offers, and offers


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.demo_market(OFFERS, seed=4, profile="wholesale")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ROWS", OFFERS // FILES)


@pytest.fixture
def folder(market: Market, tmp_path: Path) -> Path:
    """The market with its offers in several files."""
    place = tmp_path / "market"
    place.mkdir()
    written(market, place)
    whole = pyarrow.parquet.read_table(place / "offers.parquet")
    (place / "offers.parquet").unlink()
    (place / "offers").mkdir()
    for i in range(FILES):
        rows = whole.slice(i * OFFERS // FILES, OFFERS // FILES)
        pyarrow.parquet.write_table(rows, place / f"offers/offers_{i}.parquet", row_group_size=350)
    return place


def finished(out: Path) -> dict[str, int]:
    """The outcomes that are there, and when each was written."""
    assert [path.name for path in out.rglob(".*")] == [], "nothing half written is left"
    return {path.name: path.stat().st_mtime_ns for path in (out / "offers").iterdir()}


def completed(out: Path, before: dict[str, int], folder: Path, book: Rulebook) -> None:
    """Run again: what was finished is not touched, and all of it is what a full run gives."""
    ca.assess(folder, book, DAY, out=out)
    now = finished(out)
    assert before.items() <= now.items()
    assert len(now) == FILES
    assert json.loads((out / "manifest.json").read_text("utf-8"))["complete"]
    ca.assess(folder, book, DAY, out=out.with_name("full"))
    ours, full = (pyarrow.parquet.read_table(each / "offers") for each in (out, out.with_name("full")))
    assert ours.equals(full)


# ---- no room


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk on which a part of a file's outcomes fits, and no more."""
    place = tmp_path / "disk"
    place.mkdir()
    size = 16 * 1024
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_keeps_the_parts_that_fit(folder: Path, full_disk: Path, tmp_path: Path, book: Rulebook) -> None:
    with pytest.raises(MarketError, match=r"out: .*[Nn]o space.*make room and run the same again"):
        ca.assess(folder, book, DAY, out=full_disk / "out")
    told = json.loads((full_disk / "out/manifest.json").read_text("utf-8"))
    assert not told["complete"]
    before = finished(full_disk / "out")
    assert {f"{name}.parquet" for name in told["parts"]} == before.keys()
    assert 1 <= len(before) < FILES
    shutil.copytree(full_disk / "out", tmp_path / "out")  # to where there is room
    completed(tmp_path / "out", finished(tmp_path / "out"), folder, book)


def test_a_full_disk_ends_an_index_and_a_cube_in_words(
    folder: Path, full_disk: Path, tmp_path: Path, book: Rulebook
) -> None:
    with pytest.raises(MarketError, match=r"coded: .*[Nn]o space.*make room"):
        ca.build_index(folder, book, full_disk / "coded", DAY)
    with pytest.raises(CampaignError, match="holds no whole index"):
        ca.assess(full_disk / "coded", book)
    shutil.rmtree(full_disk / "coded")
    (full_disk / "filler").write_bytes(b"x" * 14_000)
    cube = ca.what_if_cube(folder, book, ["min_pickup_rate_48h"], as_of=DAY)
    with pytest.raises(MarketError, match=r"[Nn]o space"):
        ca.save_cube(cube, full_disk / "cube.parquet")
    assert [path.name for path in full_disk.iterdir()] == ["filler"]


def test_writing_that_fails_anywhere_leaves_what_was_finished(
    folder: Path, tmp_path: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, made = pyarrow.parquet.write_table, list[Path]()

    def failing(table: Any, where: Path, **how: Any) -> None:
        made.append(where)
        if len(made) == 2:
            where.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        writes(table, where, **how)

    monkeypatch.setattr(pyarrow.parquet, "write_table", failing)
    with pytest.raises(MarketError, match="No space left on device; what was finished is valid"):
        ca.assess(folder, book, DAY, out=tmp_path / "out")
    completed(tmp_path / "out", finished(tmp_path / "out"), folder, book)


# ---- ended from outside

KILLED = """
import os, signal, sys
import pyarrow.parquet
import campaign_analytics as ca
from campaign_analytics.assess.assessment import Assessment, assessed
from campaign_analytics.derive import Derivation
from campaign_analytics.large import ahead, source
folder, out, verb, rows, day = sys.argv[1:]
source.ROWS = int(rows)
book = ca.load_rulebook("spring_2024", "corrected")
writes, made = pyarrow.parquet.write_table, []
def write(table, where, **how):
    made.append(where)
    writes(table, where, **how)
    if len(made) == 2:  # all of the second part is written, and nothing says so yet
        os.kill(os.getpid(), signal.SIGKILL)
def step(done, of):
    made.append(done)
    if verb == "index" and len(made) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
def half(table, where, **how):
    open(where, "wb").write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
if verb == "cube":
    pyarrow.parquet.write_table = half
    ca.save_cube(ca.what_if_cube(folder, book, ["max_moq"], as_of=day), out)
elif verb == "assess":
    pyarrow.parquet.write_table = write
    ca.assess(folder, book, day, out=out)
else:
    ca.build_index(folder, book, out, day, step)
"""


def killed(folder: Path, out: Path, verb: str) -> None:
    asked = [sys.executable, "-c", KILLED, str(folder), str(out), verb, str(OFFERS // FILES), DAY]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_killed_run_is_completed_by_the_next(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    killed(folder, tmp_path / "out", "assess")
    told = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert (told["complete"], len(told["parts"])) == (False, 1)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out/offers").glob("[!.]*")}
    completed(tmp_path / "out", before, folder, book)


def test_outcomes_that_are_not_what_was_written_are_made_again(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    out = tmp_path / "out"
    ca.assess(folder, book, DAY, out=out)
    before = finished(out)
    file = out / "offers/offers_1-000000000000.parquet"
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1  # the same size
    file.write_bytes(held)
    (out / "offers/offers_2-000000000000.parquet").unlink()
    kept = {name: at for name, at in before.items() if name.startswith("offers_0")}
    completed(out, kept, folder, book)
    assert {name for name, at in finished(out).items() if before[name] == at} == kept.keys()


@pytest.fixture
def assessed_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many offers each part had that was assessed since."""
    seen = list[int]()

    def counted(derivation: Derivation, *how: Any, **more: Any) -> Assessment:
        seen.append(derivation.market.offers.rows)
        return assessed(derivation, *how, **more)

    monkeypatch.setattr("campaign_analytics.large.parts.assessed", counted)
    return seen


def indexed(folder: Path, out: Path, book: Rulebook, seen: list[int]) -> list[int]:
    """Make the index, which is what one that is made anew is; gives the parts that were assessed for it."""
    seen.clear()
    ca.build_index(folder, book, out, DAY)
    made = [rows for rows in seen if rows]
    ca.build_index(folder, book, out.with_name("anew"), DAY)
    for level in ("offers", "merchants"):
        ours, anew = (
            {file.name: np.load(file) for file in (each / level).iterdir()} for each in (out, out.with_name("anew"))
        )
        assert ours.keys() == anew.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, anew[name], name)
    alike(ca.assess(out, book), ca.assess(out.with_name("anew"), book))
    shutil.rmtree(out.with_name("anew"))
    return made


def test_an_index_that_was_killed_is_gone_on_with(
    folder: Path, tmp_path: Path, book: Rulebook, assessed_rows: list[int]
) -> None:
    killed(folder, tmp_path / "coded", "index")
    with pytest.raises(CampaignError, match="holds no whole index; make it with"):
        ca.assess(tmp_path / "coded", book)
    made = indexed(folder, tmp_path / "coded", book, assessed_rows)
    assert 1 <= len(made) < FILES
    assert indexed(folder, tmp_path / "coded", book, assessed_rows) == []  # nothing has changed since


def test_of_an_index_what_changed_is_made_again(
    folder: Path, tmp_path: Path, book: Rulebook, assessed_rows: list[int]
) -> None:
    coded, part = tmp_path / "coded", OFFERS // FILES
    assert indexed(folder, coded, book, assessed_rows) == [part] * FILES
    array = np.load(next(iter(sorted((coded / "offers").glob("#*.npy")))), mmap_mode="r+")
    array[part] ^= 1  # in the second part
    array.flush()
    assert indexed(folder, coded, book, assessed_rows) == [part]
    file = folder / "offers/offers_1.parquet"
    held = pyarrow.parquet.read_table(file)
    place = held.column_names.index("moq")
    pyarrow.parquet.write_table(held.set_column(place, "moq", pa.array([7] * len(held), held["moq"].type)), file)
    assert indexed(folder, coded, book, assessed_rows) == [part]
    merchants = pyarrow.parquet.read_table(folder / "merchants.parquet")
    pyarrow.parquet.write_table(merchants.slice(0, len(merchants) - 1), folder / "merchants.parquet")
    assert indexed(folder, coded, book, assessed_rows) == [part] * FILES
    next((coded / "offers").glob("#*.npy")).unlink()
    (coded / "offers/merchant_row.npy").write_bytes(b"no array")
    assert indexed(folder, coded, book, assessed_rows) == [part] * FILES
    pyarrow.parquet.write_table(held.slice(0, part - 1), file)  # all others move up
    assert sum(indexed(folder, coded, book, assessed_rows)) == OFFERS - 1


def test_a_cube_that_was_being_saved_leaves_the_one_before(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    path = tmp_path / "cube.parquet"
    cube = ca.what_if_cube(folder, book, ["max_moq"], as_of=DAY)
    ca.save_cube(cube, path)
    killed(folder, path, "cube")
    pd.testing.assert_frame_equal(ca.open_cube(path, book).summary(by="category"), cube.summary(by="category"))
    ca.save_cube(cube, path)
    assert [file.name for file in tmp_path.glob(".*")] == []


# ---- files that are not as they should be


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
        said = r"offers_2\.parquet can't be read"

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

    with pytest.raises(MarketError, match=r"offers_2\.parquet can't be read"):
        ca.assess(folder, book, DAY, take_away, out=tmp_path / "out")
    before = finished(tmp_path / "out")
    assert before
    (tmp_path / "aside").rename(file)
    completed(tmp_path / "out", before, folder, book)


def test_two_files_of_one_name_are_refused(folder: Path, book: Rulebook) -> None:
    shutil.copy(folder / "offers/offers_0.parquet", folder / "offers_0.parquet")
    with pytest.raises(MarketError, match=r"two files of offers are named offers_0\.parquet"):
        ca.assess(folder, book, DAY)
