"""What ends a run is said in words; what was finished stays, and the next run does the rest."""

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
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.rulebook.book import Rulebook
from tests.large.conftest import DAY, FILES, OFFERS, completed, finished, indexed

pytestmark = pytest.mark.usefixtures("small_parts")


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


def test_an_index_that_was_killed_is_gone_on_with(
    folder: Path, tmp_path: Path, book: Rulebook, assessed_rows: list[int]
) -> None:
    killed(folder, tmp_path / "coded", "index")
    with pytest.raises(CampaignError, match="holds no whole index; make one of its market"):
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
    sorted((coded / "offers").glob("#*.npy"))[0].unlink()
    wider = sorted((coded / "offers").glob("#*.npy"))[-1]
    np.save(wider, np.load(wider).astype(np.int64))
    (coded / "offers/merchant_row.npy").write_bytes(b"no array")
    assert indexed(folder, coded, book, assessed_rows) == [part] * FILES
    pyarrow.parquet.write_table(held.slice(0, part - 1), file)  # all others move up
    assert sum(indexed(folder, coded, book, assessed_rows)) == OFFERS - 1


def test_of_two_runs_into_one_folder_the_first_is_stopped_in_words(
    folder: Path, tmp_path: Path, book: Rulebook, assessed_rows: list[int]
) -> None:
    out, coded, other = tmp_path / "out", tmp_path / "coded", book.set(max_moq=9)

    def meanwhile(done: int, of: int) -> None:
        ca.assess(folder, other, DAY, out=out)
        ca.build_index(folder, other, coded, DAY)

    said = "another run has begun to write here, and this one is stopped"
    with pytest.raises(CampaignError, match=f"out: {said}"):
        ca.assess(folder, book, DAY, meanwhile, out=out)
    completed(out, finished(out), folder, other)
    with pytest.raises(CampaignError, match=f"coded: {said}"):
        ca.build_index(folder, book, coded, DAY, meanwhile)
    assert indexed(folder, coded, other, assessed_rows) == []


def test_a_cube_that_was_being_saved_leaves_the_one_before(folder: Path, tmp_path: Path, book: Rulebook) -> None:
    path = tmp_path / "cube.parquet"
    cube = ca.what_if_cube(folder, book, ["max_moq"], as_of=DAY)
    ca.save_cube(cube, path)
    killed(folder, path, "cube")
    pd.testing.assert_frame_equal(ca.open_cube(path, book).summary(by="category"), cube.summary(by="category"))
    ca.save_cube(cube, path)
    assert [file.name for file in tmp_path.glob(".*")] == []
