"""A run that would hold more memory than it may is stopped in words, and goes on when it may hold more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

import campaign_analytics as ca
from campaign_analytics.errors import CampaignError
from campaign_analytics.large import index, source
from campaign_analytics.large.limit import Limit
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import written

DAY = "2024-02-26"
OFFERS, PART = 1_050, 350
EXPLORE = ["max_moq"]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(ca.demo_market(OFFERS, seed=4), tmp_path_factory.mktemp("market"))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ROWS", PART)
    monkeypatch.setattr(index, "ROWS", PART)


def written_at(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@given(st.integers(1, 10**6), st.sampled_from([("KB", 10**3), ("mb", 10**6), ("GB", 10**9), ("GiB", 2**30)]))
def test_an_amount_is_read_with_its_unit(many: int, unit: tuple[str, int]) -> None:
    assert Limit.of(f"{many}{unit[0]}").bytes == Limit.of(f" {many}.0 {unit[0]} ").bytes == many * unit[1]
    assert Limit.of(None).bytes is None


@pytest.mark.parametrize("told", [2_000_000_000, "2", "", "GB", "-1GB", "0 MB", "1e3 MB", "2GBs", "²GB", "50%"])
def test_what_is_no_amount_is_refused(told: Any, files: Path, book: Rulebook) -> None:
    with pytest.raises(CampaignError, match="expected an amount of memory"):
        ca.assess(files, book, DAY, memory_limit=told)


def test_a_run_is_stopped_at_once_where_less_is_allowed_than_python_holds(
    files: Path, book: Rulebook, tmp_path: Path
) -> None:
    coded, little = tmp_path / "coded", "1 MB"
    ca.build_index(files, book, coded, DAY, memory_limit="1 TB")
    for run in (
        lambda: ca.assess(files, book, DAY, memory_limit=little),
        lambda: ca.build_index(files, book, tmp_path / "other", DAY, memory_limit=little),
        lambda: ca.what_if_cube(files, book, EXPLORE, as_of=DAY, memory_limit=little),
        lambda: ca.assess(coded, book, memory_limit=little),
        lambda: ca.what_if_cube(coded, book, EXPLORE, memory_limit=little),
    ):
        with pytest.raises(CampaignError, match=r"after 350 of 1,050 offers, and memory_limit= allows 1 MB"):
            run()


def test_what_was_finished_is_kept_and_the_rest_is_made_where_more_is_allowed(
    files: Path, book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = (
        count()
    )  # after each part but the last that is read for all merchants, then before and after each that is assessed
    with monkeypatch.context() as patched:
        patched.setattr(psutil.Process, "memory_info", lambda self: SimpleNamespace(rss=10**9 * next(looked)))
        with pytest.raises(CampaignError, match=r"4,000 MB of memory are held after 700 of 1,050 offers"):
            ca.assess(files, book, DAY, out=tmp_path / "out", memory_limit="3GB")
    finished = written_at(tmp_path / "out/offers")
    assert len(finished) == 2
    whole = ca.assess(files, book, DAY, out=tmp_path / "out", memory_limit="1 TB")
    assert finished.items() <= written_at(tmp_path / "out/offers").items()
    assert whole.summary().equals(ca.assess(files, book, DAY).summary())


def test_a_market_that_is_held_and_spark_have_no_limit_of_ours(book: Rulebook, files: Path) -> None:
    market = ca.demo_market(10)
    runs: list[Callable[[], object]] = [
        lambda: ca.assess(market, book, memory_limit="2GB"),
        lambda: ca.what_if_cube(market, book, EXPLORE, memory_limit="2GB"),
    ]
    for run in runs:
        with pytest.raises(CampaignError, match="this one is held"):
            run()
    with pytest.raises(CampaignError, match="set on its session"):
        ca.assess(files, book, DAY, engine="spark", memory_limit="2GB")
