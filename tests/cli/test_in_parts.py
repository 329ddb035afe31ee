"""Commands on a market in parts: typed files by an engine, and an index; the same numbers as of the market held."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.cli import asked as asking
from tests.cli.conftest import Run
from tests.large.files import written

BOOK = ("--variant", "corrected")
PICKUP = "min_pickup_rate_48h"


@pytest.fixture(scope="module")
def held() -> ca.Assessment:
    return ca.assess(ca.demo_market(400, seed=5), ca.load_rulebook("spring_2024", "corrected"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(ca.demo_market(400, seed=5), tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def coded(files: Path, held: ca.Assessment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ca.build_index(files, held.book, tmp_path_factory.mktemp("index") / "coded").folder


@pytest.mark.parametrize("engine", ["numpy", "duckdb"])
def test_files_are_assessed_by_an_engine_with_outcomes_of_every_offer(
    run: Run, files: Path, held: ca.Assessment, engine: str, tmp_path: Path
) -> None:
    told = json.loads(run("assess", files, *BOOK, "--engine", engine, "--out", "outcomes", "--json").out)
    assert told["offers"] == held.summary().iloc[0].to_dict()
    assert told["written"] == ["outcomes"]
    assert json.loads((tmp_path / "outcomes/manifest.json").read_text("utf-8"))["complete"]
    assert pyarrow.parquet.read_table(tmp_path / "outcomes/offers").num_rows == 400
    said = run("assess", files, *BOOK, "--engine", engine)
    assert said.out.splitlines()[-1] == "Written: verdicts"


def test_an_index_is_assessed_at_other_values(run: Run, coded: Path, held: ca.Assessment) -> None:
    told = json.loads(run("assess", coded, *BOOK, "--set", f"{PICKUP}=85%", "--json").out)
    lower = ca.assess(held.market, held.book.set({PICKUP: "85%"}), held.as_of)
    assert told["offers"] == lower.summary().iloc[0].to_dict()
    assert told["written"] == []


def test_many_offers_are_taken_in_parts_unasked(
    run: Run, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MANY", 399)
    assert run("assess", files, *BOOK).code == 0
    assert (tmp_path / "verdicts/manifest.json").exists()


def test_blockers_are_those_of_the_market(run: Run, files: Path, coded: Path, held: ca.Assessment) -> None:
    theirs = held.blockers("entity_type")
    told = json.loads(run("blockers", files, *BOOK, "--engine", "numpy", "--by", "entity_type", "--json").out)
    assert [row["fails"] for row in told["blockers"]] == theirs["fails"].to_list()
    told = json.loads(run("blockers", coded, *BOOK, "--json").out)
    assert [row["sole"] for row in told["blockers"]] == held.blockers()["sole"].to_list()


def test_what_if_counts_and_lists_who_turns(
    run: Run, files: Path, coded: Path, held: ca.Assessment, tmp_path: Path
) -> None:
    theirs = ca.WhatIf(held).set({PICKUP: "98%"})
    for market in ((files, "--engine", "numpy"), (coded,)):
        said = run("whatif", *market, *BOOK, "--set", f"{PICKUP}=98%", "--out", "flips.csv", "--json")
        assert json.loads(said.out)["summary"] == theirs.summary().iloc[0].to_dict()
        flips = pd.read_csv(tmp_path / "flips.csv", dtype=str)
        assert set(flips["offer_id"]) == set(theirs.flips()["offer_id"])
    assert "drops out" in run("whatif", coded, *BOOK, "--set", f"{PICKUP}=98%").out
    off = ca.WhatIf(held).switch_off("in_select").summary().iloc[0].to_dict()
    assert json.loads(run("whatif", coded, *BOOK, "--off", "in_select", "--json").out)["summary"] == off


def test_what_if_starts_from_the_rulebook_whatever_an_index_was_made_with(
    run: Run, files: Path, held: ca.Assessment, tmp_path: Path
) -> None:
    ca.build_index(files, held.book.set(max_moq=3), tmp_path / "moved")
    told = json.loads(run("whatif", "moved", *BOOK, "--set", "max_moq=5", "--json").out)
    assert told["summary"] == ca.WhatIf(held).set(max_moq=5).summary().iloc[0].to_dict()
    assert told["changed"][0]["old"] == "2 pieces"
    ca.build_index(files, held.book.set(enforce_select_entry=False), tmp_path / "moved")
    said = run("whatif", "moved", *BOOK, "--set", "max_moq=5")
    assert (said.code, "enforce_select_entry cannot be moved in the index moved" in said.err) == (1, True)


def test_one_offer_and_one_merchant_are_explained(run: Run, files: Path, coded: Path, held: ca.Assessment) -> None:
    offer, merchant = (str(held.market.offers.cells[key].values[7]) for key in ("offer_id", "merchant_id"))
    for market in ((files, "--engine", "numpy"), (coded,)):
        for asked in (("--offer", offer), ("--merchant", merchant)):
            said = run("explain", *market, *BOOK, *asked)
            assert said.out.splitlines()[0] == str(held.explain(**{f"{asked[0][2:]}_id": asked[1]})).splitlines()[0]


def test_a_cubes_size_is_said_and_it_is_made(run: Run, files: Path, coded: Path, tmp_path: Path) -> None:
    explored = ("--explore", f"{PICKUP}=5%", "--explore", "max_moq")
    sizes = [
        json.loads(run("cube", *market, *BOOK, *explored, "--json").out)
        for market in ((files, "--engine", "duckdb"), (coded,), (files,))
    ]
    assert sizes[0]["rows"] == sizes[1]["rows"] == sizes[2]["rows"] > 0
    said = run("cube", coded, *BOOK, *explored, "--out", "cube.parquet")
    assert "(21 values)" in said.out
    assert "Written: cube.parquet" in said.out
    cube = ca.open_cube(tmp_path / "cube.parquet", ca.load_rulebook("spring_2024", "corrected"))
    assert cube.market.offers.rows == sizes[0]["rows"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("assess", "{coded}", "--out", "outcomes"), "--out is for a market in files"),
        (("assess", "{files}", "--engine", "numpy", "--format", "csv"), "written as parquet"),
        (("assess", "nowhere", "--engine", "numpy"), "no parquet file of merchants"),
        (("assess", "{coded}", "--as-of", "2031-01-01"), "make another for --as-of 2031-01-01"),
        (("blockers", "{files}", "--engine", "numpy", "--by", "size"), "cannot count by 'size'"),
        (("blockers", "{coded}", "--by", "entity_type"), "it is not in the index {coded}; make that again with --by"),
        (("assess", "{files}", "--engine", "numpy", "--out", "{files}"), "give a new folder: --out"),
        (("assess", "{files}", "--engine", "spark", "--memory-limit", "1GB"), "--memory-limit is for this process"),
        (("whatif", "{files}", "--engine", "numpy", "--off", "in_select"), "make an index of it"),
        (("whatif", "{files}", "--engine", "numpy", "--set", "min_pickup=1%"), "unknown parameter 'min_pickup'"),
        (("whatif", "{coded}", "--set", f"{PICKUP}=85.03%"), "can only be set to a value of its slider"),
        (("explain", "{coded}", "--offer", "1"), "no offer has offer_id '1'"),
        (("explain", "{coded}", "--merchant", "1"), "no merchant has merchant_id '1'"),
        (("fixes", "{coded}"), "is an index, which tells no offer by itself"),
        (("report", "{coded}", "--out", "report"), "is an index, which tells no offer by itself"),
        (("cube", "{coded}", "--explore", "max_mog"), "did you mean 'max_moq'"),
        (("cube", "{coded}", "--explore", "max_moq=x"), "'x' is no count"),
        (("cube", "{coded}", "--explore", "max_moq", "--out", "cube.csv"), "ends in .parquet"),
        (("cube", "{coded}", "--explore", "max_moq", "--out", "no/where/cube.parquet"), "no/where"),
        (("index", "{files}", "--out", "coded", "--by", "titel"), "cannot count by 'titel'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    run: Run, files: Path, coded: Path, typed: tuple[str, ...], said: str
) -> None:
    told = run(*(each.format(files=files, coded=coded) for each in typed), *BOOK)
    assert told.code == 1
    assert told.err.startswith("refused: ")
    assert said.format(coded=coded) in told.err


@pytest.mark.parametrize(
    "typed", [("claims", "{place}"), ("intake", "{place}"), ("links", "{place}"), ("index", "{place}", "--out", "new")]
)
def test_where_every_offer_is_needed_an_index_and_a_cube_are_refused(
    run: Run, coded: Path, held: ca.Assessment, tmp_path: Path, typed: tuple[str, ...]
) -> None:
    told = run(*(each.format(place=coded) for each in typed))
    assert (told.code, told.err) == (
        1,
        f"refused: {coded} is an index, which tells no offer by itself: it is taken by assess, blockers, whatif, "
        "explain and cube\n",
    )
    ca.save_cube(ca.what_if_cube(held, held.book, [PICKUP]), tmp_path / "cube.parquet")
    told = run(*(each.format(place="cube.parquet") for each in typed))
    assert (told.code, told.err) == (
        1,
        "refused: cube.parquet is a cube, which is opened in Python (open_cube) for what-ifs and a dashboard; give the "
        "market or its index\n",
    )


def test_an_index_of_another_variant_is_said_to_be_one(run: Run, coded: Path) -> None:
    told = run("assess", coded)
    assert (told.code, told.err) == (
        1,
        f"refused: {coded} was made on the variant 'corrected', and the rulebook has no variant; load it with "
        "--variant corrected\n",
    )


def test_how_much_memory_is_asked_for_in_words(run: Run, files: Path) -> None:
    told = run("assess", files, "--memory-limit", "lots")
    assert told.code == 2
    assert "argument --memory-limit: 'lots': expected an amount of memory, such as" in told.err


def test_a_market_that_changed_is_noted(
    run: Run, held: ca.Assessment, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = written(ca.demo_market(50, seed=5), tmp_path_factory.mktemp("changing"))
    ca.build_index(files, held.book, tmp_path / "coded")
    written(ca.demo_market(50, seed=6), files)
    said = run("assess", "coded", *BOOK)
    assert (said.code, said.err) == (0, "")
    assert "Note: coded is out of date: " in said.out
    said = run("whatif", "coded", *BOOK, "--set", f"{PICKUP}=80%")
    assert "so what it counts can't be listed" in said.out
