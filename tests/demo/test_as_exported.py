"""The market in data/fixtures/spring_as_exported: made by its script, dirty as exports are, and read whole."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from campaign_analytics.market.declared import NAME
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.load import load_rulebook

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
EXPORTED = FIXTURES / "spring_as_exported"


@pytest.fixture(scope="module")
def market() -> Market:
    return read_market(EXPORTED, load_rulebook("spring_2024", "corrected"))


def test_the_script_makes_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_spring_as_exported", FIXTURES / "make_spring_as_exported.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in EXPORTED.iterdir()
    }


def test_every_row_has_its_fate(market: Market) -> None:
    assert market.quality is not None
    fates = market.quality.rows().set_index("table")
    kept = {"merchants": 12, "offers": 119, "penalties": 9}
    assert fates["kept"].to_dict() == kept
    told = {"headers": 2, "merged": 1, "notes": 3, "blank": 1, "totals": 1, "rejected": 1}
    assert {fate: fates.loc["offers", fate] for fate in told} == told


def test_what_it_holds_is_understood_but_for_what_is_planted(market: Market) -> None:
    assert market.quality is not None
    assert set(market.quality.unread("offers")) == {"商品成长分数", "运营备注"}
    assert market.quality.cells("missing")["raw"].tolist() == ["充足"] * 3
    assert market.quality.rejected("offers")["商品ID"].tolist() == ["6.10E+11"]
    stock = market.offers.cells["stock"]
    assert stock.high is not None
    assert (stock.values[0], stock.high[0]) == (0, 100)
    assert (EXPORTED / NAME).exists()
