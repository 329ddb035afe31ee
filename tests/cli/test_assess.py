"""``assess``: the answer first, files beside it, and no traceback whatever comes in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import SPRING, Run

LISTS = ["verdict", "failed", "unknown", "not_applicable", "warned", "not_computed"]


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_the_answer_comes_first_and_says_where_the_rest_is(run: Run, tmp_path: Path) -> None:
    said = run("assess", SPRING)
    assert said.code == 0
    assert "pre-qualified" in said.out.splitlines()[1]
    assert "verdicts/offers.csv" in said.out.splitlines()[-1].replace(os.sep, "/")
    assert said.err == ""  # no progress in a pipe
    assert "\x1b" not in said.out
    offers, merchants = _read(tmp_path / "verdicts/offers.csv"), _read(tmp_path / "verdicts/merchants.csv")
    assert list(offers.columns) == ["offer_id", "merchant_id", "category", *LISTS]
    assert list(merchants.columns) == ["merchant_id", *LISTS, "offers", "pre_qualified"]
    assert (len(offers), len(merchants)) == (2000, 200)
    assert set(offers["verdict"]) == {"pre_qualified", "ineligible", "undetermined"}


def test_faults_of_the_data_are_written_beside_the_verdicts(run: Run, tmp_path: Path) -> None:
    assert "missing" in run("assess", SPRING).out.splitlines()[-1]
    faults = _read(tmp_path / "verdicts/faults.csv")
    counts = ["undetermined", "decided", "in_doubt"]
    assert list(faults.columns) == ["table", "file", "row", "column", "kind", "reason", "raw", "became", *counts]
    first = faults.iloc[0]
    assert int(first["decided"]) == faults["decided"].astype(int).max() > 0
    assert {"table": "merchants", "column": "trade_medal", "raw": "金牌", "became": ""}.items() <= (
        faults[faults["column"] == "trade_medal"].iloc[0].to_dict().items()
    )


def test_csv_and_parquet_hold_the_same(run: Run, tmp_path: Path) -> None:
    run("assess", SPRING)
    run("assess", SPRING, "--format", "parquet")
    for name in ("offers", "merchants"):
        typed = pd.read_parquet(tmp_path / f"verdicts/{name}.parquet").astype("str").fillna("")
        assert typed.equals(_read(tmp_path / f"verdicts/{name}.csv"))


def test_a_changed_threshold_changes_the_counts_and_is_told(run: Run) -> None:
    before = json.loads(run("assess", SPRING, "--json").out)
    after = json.loads(run("assess", SPRING, "--json", "--set", "min_pickup_rate_48h=85%").out)
    assert after["offers"]["pre_qualified"] > before["offers"]["pre_qualified"]
    assert after["changed"] == {"min_pickup_rate_48h": "85%"}
    assert sum(after["offers"].values()) == 2 * after["offers"]["offers"]
    assert "Changed: max_moq = 3" in run("assess", SPRING, "--set", "max_moq=3").out


def test_a_probable_misprint_is_noted_and_its_variant_is_not(run: Run) -> None:
    assert "Note: spring_2024: enrol_from: the enrolment window lasts 377 days" in run("assess", SPRING).out
    assert "Note:" not in run("assess", SPRING, "--variant", "corrected").out


def test_it_speaks_chinese(run: Run) -> None:
    assert "预审合格" in run("assess", SPRING, "--lang", "zh").out


def test_another_rulebook_is_taken_by_name_or_file(run: Run, tmp_path: Path, market: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[rulebook]\nid = "mine"\nversion = "1"\neffective = 2024-01-01\nclauses = ["1"]\n'
        '[rules.named]\nclause = "1"\ncondition = "category IS NOT NULL"\n',
        "utf-8",
    )
    assert json.loads(run("assess", market, "--rulebook", file, "--json").out)["offers"]["pre_qualified"] == 2
    assert (
        json.loads(run("assess", market, "--rulebook", "daily_deals", "--json").out)["rulebook"]["id"] == "daily_deals"
    )


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(run: Run, tmp_path: Path, market: Path) -> None:
    assert run("assess", market).code == 0
    offers = _read(tmp_path / "verdicts/offers.csv")
    assert offers["merchant_id"].tolist() == ["m1", "'=m-2"]
    assert offers["category"].tolist() == ["女装", "'+cmd"]


def test_the_moment_can_be_given(run: Run, market: Path) -> None:
    said = run("assess", market, "--as-of", "2024-03-01T08:30", "--json")
    assert json.loads(said.out)["as_of"] == "2024-03-01T08:30:00+08:00"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--rulebook", "sprung_2024"], "did you mean 'spring_2024'"),
        (["--variant", "corected"], "did you mean 'corrected'"),
        (["--set", "max_mok=3"], "did you mean 'max_moq'"),
        (["--set", "max_moq=many"], "max_moq: 'many' is no count"),
        (["--as-of", "yesterday"], "'yesterday' is no date"),
        (["--out", "exports"], "offers.csv is not a file that this command wrote"),
        (["--out", "exports/offers.csv"], "offers.csv"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    run: Run, tmp_path: Path, market: Path, arguments: list[str], reason: str
) -> None:
    there = {path: path.read_bytes() for path in market.iterdir()}
    said = run("assess", market, *arguments)
    assert said.code == 1
    assert said.err.startswith("refused: ")
    assert reason in said.err
    assert said.out == ""
    assert {path: path.read_bytes() for path in market.iterdir()} == there
    assert not (tmp_path / "verdicts").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("offers.csv", b""),
        ("offers.csv", b"\x00\xff\xfe\x00\x81"),
        ("offers.csv", b"nothing,known\n1,2\n"),
        ("offers.xlsx", b"no zip"),
        ("offers.parquet", b"PAR1 and then nothing"),
        ("market.toml", b"as_of = "),
        ("market.toml", b'as_of = "soon"'),
    ],
)
def test_files_that_are_none_are_refused_in_words(run: Run, market: Path, name: str, content: bytes) -> None:
    if name.startswith("offers"):
        (market / "offers.csv").unlink()
    (market / name).write_bytes(content)
    said = run("assess", market)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("refused: ")
    assert name in said.err


def test_a_market_that_is_not_there_is_refused(run: Run) -> None:
    said = run("assess", "nowhere")
    assert said.code == 1
    assert "nowhere does not exist" in said.err


@pytest.mark.parametrize("arguments", [[], ["assess"], ["asses", "x"], ["assess", "x", "--set", "max_moq"]])
def test_wrong_usage_is_told_apart(run: Run, arguments: list[str]) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert said.err.startswith("usage: campaign-analytics")


def test_a_failed_write_leaves_nothing_behind(run: Run, market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "verdicts/offers.csv")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    said = run("assess", market)
    assert (said.code, said.err) == (1, "refused: verdicts/offers.csv: No space left on device\n")
    assert list(Path("verdicts").iterdir()) == []


def test_ctrl_c_stops_it_quietly(run: Run, market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("campaign_analytics.cli.asked.read_market", interrupted)
    assert run("assess", market).code == 130
