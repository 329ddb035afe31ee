"""Days and times, in the zone of the rulebook."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.market.schema import Declared
from campaign_analytics.market.times import read_times
from tests.market.conftest import ReadOffers, reasons, shown

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2024, 3, 5, 12, tzinfo=ZONE)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-03-05 12:00:00",
        "2024-03-05T12:00",
        "2024/3/5 12:00",
        "2024.3.5 12:00:00",
        "2024年3月5日 12:00:00",
        "20240305120000",
        "2024-03-05T04:00:00Z",
        "2024-03-05 12:00:00.000000+08:00",
        "２０２４－０３－０５　１２：００：００",
        datetime(2024, 3, 5, 12),
        NOON,
        NOON.astimezone(UTC),
        pd.Timestamp("2024-03-05 12:00"),
    ],
)
def test_spellings_of_one_time(read_offers: ReadOffers, cell: object) -> None:
    assert shown(read_offers({"enrolled_at": [cell]}), "enrolled_at") == [NOON]


@pytest.mark.parametrize(
    "dtype", ["datetime64[s]", "datetime64[ns]", "datetime64[us, UTC]", "datetime64[ms, Asia/Shanghai]"]
)
def test_typed_times_of_pandas(read_offers: ReadOffers, dtype: Any) -> None:
    cells = pd.Series(pd.to_datetime(["2024-03-05 12:00", "NaT"]))
    zone = dtype.removesuffix("]").partition(", ")[2]
    typed = cells.dt.tz_localize(ZONE).dt.tz_convert(zone).astype(dtype) if zone else cells.astype(dtype)
    assert shown(read_offers({"enrolled_at": typed}), "enrolled_at") == [NOON, None]


@pytest.mark.parametrize("cell", ["2024-03-05", "2024/3/5", "20240305", "2024年3月5日", date(2024, 3, 5)])
def test_a_day_as_a_time_is_its_midnight(read_offers: ReadOffers, cell: object) -> None:
    assert shown(read_offers({"enrolled_at": [cell]}), "enrolled_at") == [datetime(2024, 3, 5, tzinfo=ZONE)]


@pytest.mark.parametrize(
    "cell", ["2024-02-30", "2024-13-01", "2024-03-05 25:00:00", "45356", "明天", "3/5", "0000-01-01"]
)
def test_what_is_no_date_is_missing(read_offers: ReadOffers, cell: str) -> None:
    market = read_offers({"enrolled_at": [cell]})
    assert shown(market, "enrolled_at") == [None]
    assert reasons(market, "enrolled_at") == {cell: "not understood as a date"}


@given(st.datetimes(datetime(1995, 1, 1), datetime(2099, 1, 1)), st.sampled_from([" ", "T"]))
def test_a_time_and_its_day_are_read_back(time: datetime, between: str) -> None:
    texts = pa.array([time.isoformat(between, "microseconds"), time.replace(tzinfo=ZONE).isoformat()])
    instant = (time.replace(tzinfo=ZONE) - datetime(1970, 1, 1, tzinfo=UTC)) // pd.Timedelta("1us").to_pytimedelta()
    assert read_times(texts, "time", ZONE).values.tolist() == [instant, instant]
    assert read_times(texts, "day", ZONE).values.tolist() == [(time.date() - date(1970, 1, 1)).days] * 2


def test_a_day_of_another_zone_is_the_day_here() -> None:
    late = pa.array(["2024-03-04T20:00:00Z"])
    assert read_times(late, "day", ZONE).values.tolist() == [(date(2024, 3, 5) - date(1970, 1, 1)).days]


def test_what_lies_after_the_day_of_the_data_is_kept_and_doubted(read_offers: ReadOffers) -> None:
    cells = ["2024-02-26 23:59:59", "2024-02-27 00:00:00"]
    market = read_offers({"enrolled_at": cells}, Declared(as_of=date(2024, 2, 26)))
    assert None not in shown(market, "enrolled_at")
    doubted = reasons(market, "enrolled_at", "doubted")
    assert list(doubted.values()) == ["after the day of the data"]
    assert "2024-02-27 00:00" in next(iter(doubted))  # UTC


def test_without_a_declaration_the_latest_snapshot_is_the_day_of_the_data(read_offers: ReadOffers) -> None:
    market = read_offers({"enrolled_at": ["2024-03-05"], "snapshot_at": ["2024-03-01"]})
    assert len(reasons(market, "enrolled_at", "doubted")) == 1
