"""``campaign-analytics monitor``: the answer first, tables for people and machines, refusals in words."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from campaign_analytics.cli import main

SNAPSHOTS = Path(__file__).parents[2] / "data" / "fixtures" / "spring_snapshots"


def test_the_answer_comes_first_then_breaches_risks_moves_and_what_is_misread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["monitor", str(SNAPSHOTS), "--variant", "corrected"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Of 18 offers that must keep the rules, 4 breached one")
    headings = ["Breaches", "Act on first (assumption)", "Moves that may not be\n", "Rules that the platform reads"]
    places = [told.index(heading) for heading in headings]
    assert "An assumption: headroom goes on in a straight line" in told
    assert max(places) == places[3]


def test_in_chinese_states_and_causes_have_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", str(SNAPSHOTS), "--variant", "corrected", "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("18 个须持续符合的商品中")
    for word in ("审核通过", "已退出", "走势", "到期", "03-01"):
        assert word in told


def test_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["monitor", str(SNAPSHOTS), "--variant", "corrected", "--set", "hold_from=submission", "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["hold_from"] == "submission"
    assert told["changed"] == {"hold_from": "submission"}
    assert {"breaches", "at_risk", "refused_moves", "platform", "misread", "days", "standing"} <= told.keys()
    assert told["standing"]["offers"]["breached"] >= 4


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_every_table_is_written_and_may_be_written_again(tmp_path: Path, format: str) -> None:
    arguments = ["monitor", str(SNAPSHOTS), "--variant", "corrected", "--out", str(tmp_path), "--format", format]
    for _ in range(2):
        assert main(arguments) == 0
    names = ["offers", "merchants", "breaches", "at_risk", "refused_moves", "misread", "platform", "days", "timeline"]
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.{format}" for name in names}
    read = pd.read_csv if format == "csv" else pd.read_parquet
    assert len(read(tmp_path / f"days.{format}")) == 7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere does not exist"),
        ([str(SNAPSHOTS.parent)], "no dated folder; found spring, spring_as_exported, spring_snapshots"),
        ([str(SNAPSHOTS), "--rulebook", "no_such"], "no_such: cannot be read"),
        ([str(SNAPSHOTS), "--set", "hold_from=birth"], "hold_from"),
        ([str(SNAPSHOTS / "2024-02-27")], "neither merchants nor offers have a day"),
    ],
)
def test_refusals_in_words(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitor", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_demo_writes_snapshots_that_can_be_monitored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "snapshots"
    assert main(["demo", str(folder), "--offers", "60", "--snapshots", "3"]) == 0
    assert "campaign-analytics monitor" in capsys.readouterr().out
    assert len(list(folder.iterdir())) == 3
    assert main(["monitor", str(folder)]) == 0
    assert capsys.readouterr().out
