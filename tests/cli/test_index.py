"""``campaign-analytics index``: codes of a market in typed files, and the same counts as the market."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet
import pytest

import campaign_analytics as ca
from campaign_analytics.cli import main
from tests.large.files import written


@pytest.fixture
def files(tmp_path: Path) -> Path:
    place = tmp_path / "market"
    place.mkdir()
    return written(ca.demo_market(300, seed=5), place)


def test_it_is_made_and_counted(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["index", str(files), "--out", str(tmp_path / "coded"), "--variant", "corrected", "--by", "trade_medal"]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    result = ca.assess(ca.demo_market(300, seed=5), ca.load_rulebook("spring_2024", "corrected"))
    assert told["offers"] == result.summary().iloc[0].to_dict()
    assert told["written"] == [str(tmp_path / "coded")]
    assert main([*asked, "--engine", "duckdb"]) == 0  # over an older one
    assert "MB)" in capsys.readouterr().out


def test_what_there_is_to_know_of_the_rulebook_is_noted(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", str(files), "--out", str(tmp_path / "coded"), "--set", "max_moq=3"]) == 0
    said = capsys.readouterr().out
    assert "Changed: max_moq = 3" in said
    assert "Note: spring_2024: enrol_from: the enrolment window lasts 377 days" in said


def test_what_there_is_to_know_of_the_market_is_noted_too(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offers = pyarrow.parquet.read_table(files / "offers.parquet")
    pyarrow.parquet.write_table(offers.slice(3, 2), files / "offers_2.parquet")
    assert main(["index", str(files), "--out", str(tmp_path / "coded")]) == 0
    assert "2 rows are of offers that have a row already, and were counted as well: " in capsys.readouterr().out


def test_what_is_no_typed_market_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(tmp_path), "--out", str(tmp_path / "coded")]) == 1
    assert "no parquet file of merchants" in capsys.readouterr().err
