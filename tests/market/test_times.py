"""Days and times, in the zone of the rulebook."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
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
TYPES: tuple[Literal["day", "time"], ...] = ("day", "time")
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
        "2024年3月5日12时",
        "2024年3月5日 12时00分00秒",
        "2024年3月5日（星期二）12点",
        "2024-3-5 周二 12:00",
        "2024-03-05 中午12:00",
        "2024/3/5 下午12:00:00",
        "2024/3/5 12:00 PM",
        "20240305120000000+0800",
        "45356.5",
        "1709611200",
        "1709611200000",
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
    "cell",
    ["2024-02-30", "2024-13-01", "2024-03-05 25:00:00", "453", "2024", "202403", "-45356", "明天", "3/5", "0000-01-01"],
)
def test_what_is_no_date_is_missing(read_offers: ReadOffers, cell: str) -> None:
    market = read_offers({"enrolled_at": [cell]})
    assert shown(market, "enrolled_at") == [None]
    assert reasons(market, "enrolled_at") == {cell: "not understood as a date"}


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        ("上午9:30", 9), ("下午3:30", 15), ("下午15:30", 15), ("凌晨2:30", 2), ("凌晨12:30", 0), ("中午1:30", 13),
        ("晚上8:30", 20), ("AM 12:30", 0), ("pm12:30", 12), ("早上 8点30分", 8), ("傍晚6时30分", 18),
    ],
)  # fmt: skip
def test_hours_of_half_a_day(read_offers: ReadOffers, cell: str, hour: int) -> None:
    market = read_offers({"enrolled_at": [f"2024/3/5 {cell}"]})
    assert shown(market, "enrolled_at") == [datetime(2024, 3, 5, hour, 30, tzinfo=ZONE)]


@pytest.mark.parametrize(
    "cell", ["上午12:00", "晚上12:00", "晚上1:30", "上午13:00", "中午5:00", "13:00 am", "下午0:30"]
)
def test_an_hour_that_may_be_two_is_missing(read_offers: ReadOffers, cell: str) -> None:
    market = read_offers({"enrolled_at": [f"2024-03-05 {cell}"]})
    assert shown(market, "enrolled_at") == [None]
    assert list(reasons(market, "enrolled_at").values()) == ["noon or midnight? write hours from 0 to 23"]


def test_which_part_is_the_day_is_not_guessed(read_offers: ReadOffers) -> None:
    market = read_offers(
        {"enrolled_at": ["3/5/2024", "05-03-2024", "24/3/5", "25/3/2024", "3/25/2024 12:00", "5/5/2024"]}
    )
    days = [None if cell is None else cell.tz_convert(ZONE).strftime("%m-%d") for cell in shown(market, "enrolled_at")]
    assert days == [None, None, None, "03-25", "03-25", "05-05"]
    assert set(reasons(market, "enrolled_at")) == {"3/5/2024", "05-03-2024", "24/3/5"}
    assert "write the year first" in reasons(market, "enrolled_at")["3/5/2024"]


class TestBareNumbers:
    """What they count is settled once for a column."""

    @given(time=st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 30)))
    def test_three_ways_to_count_are_read_back(self, time: datetime) -> None:
        time = time.replace(microsecond=time.microsecond // 1000 * 1000)
        micros = (time.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        serial = (time - datetime(1899, 12, 30)) / timedelta(days=1)
        for text in (f"{micros // 1000}", f"{micros / 10**6:.3f}", repr(serial)):
            assert read_times(pa.array([text]), "time", ZoneInfo("UTC")).values.tolist() == [micros]
            assert read_times(pa.array([text]), "day", ZoneInfo("UTC")).values.tolist() == [micros // 86_400_000_000]

    def test_a_serial_is_a_time_of_the_rulebooks_zone_and_an_epoch_is_not(self, read_offers: ReadOffers) -> None:
        assert shown(read_offers({"enrolled_at": ["45356"]}), "enrolled_at") == [datetime(2024, 3, 5, tzinfo=ZONE)]
        epoch = read_offers({"enrolled_at": ["1709596800"]})
        assert shown(epoch, "enrolled_at") == [datetime(2024, 3, 5, 8, tzinfo=ZONE)]

    def test_serials_stand_beside_dates(self, read_offers: ReadOffers) -> None:
        market = read_offers({"enrolled_at": ["2024-03-05", "45356", "45357.25", ""]})
        assert shown(market, "enrolled_at")[1] == datetime(2024, 3, 5, tzinfo=ZONE)
        assert market.quality is not None
        settled = market.quality.summary().query("kind == 'settled'")
        assert settled[["reason", "count"]].to_numpy().tolist() == [
            ["bare numbers are days of a spreadsheet, counted from 1900", 2]
        ]

    def test_of_two_kinds_in_a_column_none_is_sure(self, read_offers: ReadOffers) -> None:
        cells = ["45356", "1709596800", "2024-03-05"]
        market = read_offers({"enrolled_at": cells})
        assert shown(market, "enrolled_at")[:2] == [None, None]
        assert "market.toml" in reasons(market, "enrolled_at")["45356"]
        market = read_offers({"enrolled_at": cells}, Declared(units={"enrolled_at": "serial"}))
        assert shown(market, "enrolled_at")[:2] == [datetime(2024, 3, 5, tzinfo=ZONE), None]


@given(text=st.text() | st.text("0123456789-/.:年月日时分上下午 TZ+", max_size=30))
def test_no_text_breaks_a_date(text: str) -> None:
    for kind in TYPES:
        reading = read_times(pa.array([text]), kind, ZONE)
        assert reading.missing()[0] or abs(int(reading.values[0])) < 2**53


@given(st.datetimes(datetime(1995, 1, 1), datetime(2099, 1, 1)), st.sampled_from([" ", "T"]))
def test_a_time_and_its_day_are_read_back(time: datetime, between: str) -> None:
    texts = pa.array([time.isoformat(between, "microseconds"), time.replace(tzinfo=ZONE).isoformat()])
    instant = (time.replace(tzinfo=ZONE) - datetime(1970, 1, 1, tzinfo=UTC)) // pd.Timedelta("1us").to_pytimedelta()
    assert read_times(texts, "time", ZONE).values.tolist() == [instant, instant]
    assert read_times(texts, "day", ZONE).values.tolist() == [(time.date() - date(1970, 1, 1)).days] * 2


@given(
    time=st.datetimes(datetime(1995, 1, 1), datetime(2099, 1, 1)).map(lambda time: time.replace(microsecond=0)),
    form=st.sampled_from(
        ["{0.year}/{0.month}/{0.day} {0:%H:%M:%S}", "{0.year}年{0.month}月{0.day}日　{0.hour}:{0:%M:%S}"]
    ),
)
def test_dates_as_spreadsheets_write_them_are_read_in_arrays_as_one_by_one(time: datetime, form: str) -> None:
    text = form.format(time)
    one_by_one = text.replace(" ", ", ").replace("　", "(周日) ")
    texts = pa.array([time.isoformat(), text, one_by_one])
    for kind in TYPES:
        assert len(set(read_times(texts, kind, ZONE).values.tolist())) == 1


@pytest.mark.parametrize("text", ["2024/2/30", "2024/13/1", "2024/0/1", "2024/1/0", "2024年2月29日 24:00", "2023/2/29"])
def test_no_such_day_in_arrays(text: str) -> None:
    for kind in TYPES:
        assert read_times(pa.array(["2024/3/5", text]), kind, ZONE).missing().tolist() == [False, True]


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
