"""``whatif``: the answer, what changed, who turned and the curve; scenarios in and out; refusals in words."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import campaign_analytics as ca
from tests.cli.conftest import SPRING, Run

CORRECTED = ("whatif", SPRING, "--variant", "corrected")
LOWER = ("--set", "min_pickup_rate_48h=85%")


@pytest.fixture(scope="module")
def baseline() -> ca.Assessment:
    book = ca.load_rulebook("spring_2024", "corrected")
    return ca.assess(ca.read_market(SPRING, book), book)


@pytest.fixture(scope="module")
def lower(baseline: ca.Assessment) -> ca.Assessment:
    return ca.assess(baseline.market, baseline.book.set(min_pickup_rate_48h="85%"), baseline.as_of)


def qualifying(assessment: ca.Assessment) -> int:
    return int(assessment.summary()["pre_qualified"].iloc[0])


def test_the_first_line_counts_both_settings(run: Run, baseline: ca.Assessment, lower: ca.Assessment) -> None:
    said = run(*CORRECTED, *LOWER)
    assert (said.code, said.err) == (0, "")
    first = said.out.splitlines()[0]
    now, before = qualifying(lower), qualifying(baseline)
    assert first.startswith(f"{now:,} of 2,000 offers pre-qualify, {now - before:+,} from {before:,}")
    assert "90%" in said.out
    assert "85%" in said.out


def test_counts_for_machines_are_those_of_full_assessments(
    run: Run, baseline: ca.Assessment, lower: ca.Assessment
) -> None:
    told = json.loads(run(*CORRECTED, *LOWER, "--curve", "min_pickup_rate_48h", "--json").out)
    assert told["summary"]["pre_qualified"] == qualifying(lower)
    classes = lower.summary(by="category").set_index("category")["pre_qualified"]
    assert {row["category"]: row["pre_qualified"] for row in told["by"]} == classes.to_dict()
    at = {row["value"]: row["pre_qualified"] for row in told["curve"]}
    assert (at["85%"], at["90%"]) == (qualifying(lower), qualifying(baseline))
    assert len(at) == len(baseline.book.places("min_pickup_rate_48h"))


def test_a_rule_left_out_and_every_turn_in_a_file(run: Run, tmp_path: Path, baseline: ca.Assessment) -> None:
    said = run(*CORRECTED, "--off", "in_select", "--out", "flips.csv")
    assert said.out.splitlines()[-1] == "Written: flips.csv"
    off = ca.assess(baseline.market, baseline.book.switch({"in_select": "off"}), baseline.as_of)
    flips = pd.read_csv(tmp_path / "flips.csv")
    assert (flips["turned"] == "came_in").sum() == qualifying(off) - qualifying(baseline)


def test_a_scenario_goes_out_and_comes_in_again(run: Run, lower: ca.Assessment) -> None:
    assert run(*CORRECTED, *LOWER, "--save", "lower.toml").code == 0
    told = json.loads(run(*CORRECTED, "--scenario", "lower.toml", "--json").out)
    assert told["summary"]["pre_qualified"] == qualifying(lower)
    assert [row["new"] for row in told["changed"]] == ["85%"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--set", "min_pickup_rate=85%"), "did you mean 'min_pickup_rate_48h'"),
        (("--set", "min_pickup_rate_48h=often"), "min_pickup_rate_48h"),
        (("--off", "in_selct"), "did you mean 'in_select'"),
        (("--curve", "moq"), "unknown parameter 'moq'"),
        (("--scenario", "nowhere.toml"), "nowhere.toml"),
        (("--by", "colour"), "cannot group by 'colour'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(run: Run, arguments: tuple[str, ...], why: str) -> None:
    said = run(*CORRECTED, *arguments)
    assert said.code == 1
    assert why in said.err
    assert "Traceback" not in said.err


def test_in_chinese(run: Run) -> None:
    said = run(*CORRECTED, *LOWER, "--lang", "zh", "--curve", "min_pickup_rate_48h")
    assert "个预审合格" in said.out
    assert "◀ 当前" in said.out


def test_a_value_out_of_bounds_is_computed_and_told(run: Run) -> None:
    said = run(*CORRECTED, "--set", "min_deposit=20000")
    assert said.code == 0
    assert "out of bounds" in said.out
