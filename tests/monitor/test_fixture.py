"""The small snapshots in data/fixtures: made by their script, and every offer as its line in the toml expects."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from campaign_analytics import Monitoring, load_rulebook, monitor

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
SNAPSHOTS = FIXTURES / "spring_snapshots"
SAID = tomllib.loads((FIXTURES / "spring_snapshots.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def found() -> Monitoring:
    return monitor(SNAPSHOTS, load_rulebook(SAID["rulebook"]["id"], SAID["rulebook"]["variant"]))


def test_the_script_makes_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_spring_snapshots", FIXTURES / "make_spring_snapshots.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(tmp_path)
    for folder in (tmp_path, SNAPSHOTS):
        assert sorted(path.name for path in folder.iterdir()) == SAID["days"]
    for path in SNAPSHOTS.rglob("*.*"):
        made = tmp_path / path.relative_to(SNAPSHOTS)
        assert made.read_bytes() == path.read_bytes(), f"{path} differs from what make_spring_snapshots.py makes"


@pytest.mark.parametrize("offer", SAID["offers"])
def test_an_offer_stands_as_expected(found: Monitoring, offer: str) -> None:
    expected = SAID["offers"][offer].get("expect")
    clocks = found.clocks().set_index("offer_id")
    if expected is None:
        assert offer not in clocks.index
    else:
        assert [_shown(row, expected) for _, row in clocks.loc[[offer]].iterrows()] == [expected]


@pytest.mark.parametrize(
    ("kind", "offer"),
    [(kind, offer) for offer, said in SAID["offers"].items() for kind in ("breach", "refused") if kind in said],
)
def test_a_breach_and_a_refused_move_are_found_as_expected(found: Monitoring, kind: str, offer: str) -> None:
    table = found.breaches("offers") if kind == "breach" else found.refused_moves()
    rows = table[table["offer_id"] == offer]
    expected = SAID["offers"][offer][kind]
    assert [_shown(row, expected) for _, row in rows.iterrows()] == [expected]


@pytest.mark.parametrize("offer", [offer for offer, said in SAID["offers"].items() if "risk" in said])
def test_who_is_at_risk_is_found_as_expected(found: Monitoring, offer: str) -> None:
    said, risks = SAID["offers"][offer], found.at_risk()
    key, subject = ("offer_id", offer) if said["risk"]["level"] == "offers" else ("merchant_id", said["shop"])
    rows = risks[(risks["level"] == said["risk"]["level"]) & (risks[key] == subject)]
    assert [_shown(row, said["risk"]) for _, row in rows.iterrows()] == [said["risk"]]


def test_nobody_else_breaches_moves_or_is_at_risk(found: Monitoring) -> None:
    said = SAID["offers"]
    breaches = found.breaches("offers")
    assert set(breaches["offer_id"]) == {offer for offer in said if "breach" in said[offer]}
    assert set(found.refused_moves()["offer_id"]) == {offer for offer in said if "refused" in said[offer]}
    risks = found.at_risk()
    assert set(risks["offer_id"][risks["in_time"]]) == {""}
    assert set(risks["merchant_id"][risks["level"] == "merchants"]) == {"expiring", "sinking"}


def test_the_platform_decides_otherwise_than_we_do(found: Monitoring) -> None:
    table = found.platform().set_index("verdict")
    assert table["platform_rejected"].to_dict() == {"pre_qualified": 1, "ineligible": 1, "undetermined": 0}
    assert table.loc["ineligible", "platform_approved"] == 1
    worst = found.misread().iloc[0]
    assert (worst["rule"], worst["failing_approved"], worst["alone"]) == ("minimum_order", 1, 1)


def test_the_missing_day_is_told(found: Monitoring) -> None:
    days = found.days()
    assert list(days["day"][~days["observed"]]) == [pd.Timestamp("2024-03-01")]
    assert "03-01" in found.headline()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_answer_comes_first(found: Monitoring, lang: str) -> None:
    first = found.headline(lang).splitlines()[0]
    assert all(number in first for number in ("18", "4", "8", "2"))


def _shown(row: pd.Series, expected: dict[str, Any]) -> dict[str, Any]:
    """The cells of a row that are expected, as the toml spells them."""
    cells = {name: row[name] for name in expected}
    return {name: f"{cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else cell for name, cell in cells.items()}
