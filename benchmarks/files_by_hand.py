"""What the versions by hand share that start from files: words of the campaign, one user's accounts, a cube's answer.

A cube by hand has a row for each category, ``rest`` (the verdict by all rules but two), ``pickup`` (half percents that
the pickup rate reaches) and ``moq`` (pieces; all beyond the slider are one) that occur, and ``offers``, their number.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

import campaign_analytics as ca

SHANGHAI = "Asia/Shanghai"
TIES = ("login_id", "alipay_hash", "credit_code", "phone_hash")
HUB = 20  # accounts that may share an identifier
ONE_PIECE = tuple("件个只条双套副顶支把台张块瓶罐本枚对")
BEYOND = 101  # pieces, one more than the slider of max_moq has
MARKS = r"[\pP\pS\pZ\pC]+"


class Given(NamedTuple):
    """What is declared of a market, and what counts as no identifier."""

    today: date
    as_of: datetime  # the beginning of that day in Shanghai
    placeholders: list[str]

    @classmethod
    def of(cls, folder: str) -> Given:
        today = tomllib.loads(Path(folder, "market.toml").read_text("utf-8"))["as_of"]
        listed = ca.load_rulebook("spring_2024", "corrected").lists["placeholder_identifiers"]
        as_of = datetime.combine(today, datetime.min.time(), ZoneInfo(SHANGHAI))
        return cls(today, as_of, [*listed.values, *listed.aliases])


def users(accounts: int, one: Any, other: Any) -> Any:
    """(accounts,) int32: the same number for accounts of one user, where ``one`` and ``other`` are tied in pairs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ties = coo_array((np.ones(len(one), bool), (one, other)), (accounts, accounts))
    return connected_components(ties, directed=False)[1]


def verdicts_at(cube: pd.DataFrame, pickup: int, moq: int) -> pd.DataFrame:
    """The counts that a cube gives at so many half percents, and so many pieces: as ``verdicts``."""
    verdict = cube["rest"].astype("boolean") & (cube["pickup"].astype("Int64") >= pickup)
    verdict &= cube["moq"].astype("Int64") <= moq
    kinds = {"pre_qualified": verdict.eq(True), "ineligible": verdict.eq(False), "undetermined": verdict.isna()}
    counts = {kind: cube["offers"].where(held.fillna(False), 0) for kind, held in kinds.items()}
    held = pd.DataFrame({"category": cube["category"].astype("str"), **counts, "offers": cube["offers"]})
    return held.groupby("category", as_index=False).sum().sort_values("category", ignore_index=True)


def pandas_of(made: Any) -> pd.DataFrame:
    """A frame of any library."""
    return made if isinstance(made, pd.DataFrame) else made.to_pandas()


def hold(folder: str, verdicts: Callable[[str], pd.DataFrame], cube: Callable[[str], pd.DataFrame]) -> None:
    """Hold counts, and a cube's at a few places, to those of ``assess``."""
    book = ca.load_rulebook("spring_2024", "corrected")
    made = cube(folder)
    told = [((180, 2), verdicts(folder)), *((at, verdicts_at(made, *at)) for at in ((180, 2), (170, 5), (199, 1)))]
    for (pickup, moq), by_hand in told:
        at = book.set(min_pickup_rate_48h=f"{pickup / 2}%", max_moq=moq)
        ours = ca.assess(folder, at).summary(by="category").sort_values("category", ignore_index=True)
        pd.testing.assert_frame_equal(by_hand, ours, check_dtype=False)
    print(by_hand.to_string(), len(made), sep="\n")
