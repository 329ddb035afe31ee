"""What cannot be taken is said in words, whatever the verb: no traceback of Python's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.large.conftest import DAY
from tests.large.files import written

FRAME = pd.DataFrame({"offer_id": ["1"]})
OTHERS: list[Any] = [None, 3, 2.5, FRAME, {"offers": FRAME}, b"market", ["market"], datetime(2024, 2, 26)]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def market() -> Market:
    return ca.demo_market(60, seed=4, profile="wholesale")


@pytest.fixture(scope="module")
def files(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(market, tmp_path_factory.mktemp("market"))


@pytest.fixture
def verbs(files: Path, book: Rulebook, market: Market, tmp_path: Path) -> dict[str, Callable[..., object]]:
    """Each takes what is asked for otherwise, by name."""

    def asked(other: dict[str, Any], *names: str, **more: Any) -> list[Any]:
        given = {"market": files, "rulebook": book, "explore": ["max_moq"], "out": tmp_path / "out", **other}
        return [given[name] for name in names]

    def rest(other: dict[str, Any], *names: str) -> dict[str, Any]:
        return {"as_of": DAY, **{name: value for name, value in other.items() if name not in names}}

    two, three = ("market", "rulebook"), ("market", "rulebook", "explore")
    return {
        "assess": lambda **other: ca.assess(*asked(other, *two), **rest(other, *two)),
        "held": lambda **other: ca.assess(*asked({"market": market, **other}, *two), **rest(other, *two)),
        "cube": lambda **other: ca.what_if_cube(*asked(other, *three), **rest(other, *three)),
        "size": lambda **other: ca.cube_size(*asked(other, *three), **rest(other, *three)),
        "index": lambda **other: ca.build_index(*asked(other, *two, "out"), **rest(other, *two, "out")),
    }


ALL = ("assess", "held", "cube", "size", "index")


@pytest.mark.parametrize(
    ("what", "values", "of", "said"),
    [
        ("market", OTHERS, ("assess", "cube", "size", "index"), "market=.*: expected .*a path"),
        ("rulebook", [*OTHERS, "spring_2024"], ALL, r"rulebook=.*: expected a rulebook: ca\.load_rulebook\("),
        ("as_of", [3, 2.5, FRAME, pd.NaT, [DAY], "soon"], ALL, "as_of: .* is no date; write it like"),
        ("by", [None, 3, [3], [None], FRAME, b"moq"], ALL, "by=.*: expected a list of names"),
        ("by", ["nosuch"], ("assess", "cube", "size", "index"), "cannot count by 'nosuch': no such column"),
        ("explore", [None, 3, [3], FRAME], ("cube", "size"), "explore=.*: expected a list of names"),
        (
            "explore",
            ["max_moq"],
            ("cube", "size"),
            r"explore='max_moq': expected a list of names, such as \['max_moq'\]",
        ),
        (
            "engine",
            ["polars"],
            ("assess", "held", "cube", "index"),
            "unknown engine 'polars'; expected numpy or duckdb",
        ),
        (
            "engine",
            [None, 3, FRAME, ["numpy"]],
            ("assess", "held", "cube", "index"),
            "engine: expected numpy or duckdb",
        ),
        ("out", [3, FRAME, ["out"], True], ("assess", "index"), "out=.*: expected a path, as text"),
        ("memory_limit", [3, 2.5, ["2GB"], "lots"], ("assess", "cube", "index"), "memory_limit=.*: expected an amount"),
        ("progress", [3, "loud"], ("assess", "held", "cube", "index"), "progress=.*: expected a function"),
    ],
)
def test_what_is_of_another_kind(
    verbs: dict[str, Callable[..., object]], what: str, values: list[Any], of: tuple[str, ...], said: str
) -> None:
    for verb in of:
        for value in values:
            with pytest.raises(CampaignError, match=f"^{said}") as error:
                verbs[verb](**{what: value})
            assert len(str(error.value)) < 300


def test_what_an_index_and_a_cube_are_opened_with(files: Path, book: Rulebook, tmp_path: Path) -> None:
    ca.build_index(files, book, tmp_path / "coded", DAY)
    cube = ca.what_if_cube(tmp_path / "coded", book, ["max_moq"])
    wrong: Any
    for wrong in (3, FRAME, None):
        with pytest.raises(CampaignError, match=r"folder=.*: expected a path"):
            ca.Index.open(wrong, book)
        with pytest.raises(CampaignError, match=r"path=.*: expected a path"):
            ca.open_cube(wrong, book)
        with pytest.raises(CampaignError, match=r"path=.*: expected a path"):
            ca.save_cube(cube, wrong)
        with pytest.raises(CampaignError, match="expected a rulebook"):
            ca.Index.open(tmp_path / "coded", wrong)
        with pytest.raises(CampaignError, match="expected a rulebook"):
            ca.open_cube(tmp_path / "cube", wrong)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        *(({"n": n}, "n=.*: expected how many offers") for n in (None, "x", 2.5, -1)),
        *(({"which": which}, "which=.*: expected a text") for which in (None, 3)),
        *(({"where": where}, "where=.*: expected columns") for where in (3, "x", [("offer_id", "1")])),
    ],
)
def test_what_is_fetched(files: Path, book: Rulebook, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(CampaignError, match=said):
        ca.fetch(ca.assess(files, book, DAY), **asked)
