"""The spring rules by hand in Polars: nullable columns, one expression a rule, all cores."""

from __future__ import annotations

from typing import Any

import limits
import numpy as np
import polars as pl
from columns import BITS, Array, Column, Columns

col = pl.col


def prepare(columns: Columns) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Frames of offers (with ``merchant_row``) and of merchants, nulls for missing cells; texts stay codes."""
    offers = pl.DataFrame({name: _series(held) for name, held in columns.offers.items()})
    merchants = {name: _series(held) for name, held in columns.merchants.items()}
    months = columns.merchants["months_since_fake_trading"]
    merchants["months_at_most"] = pl.Series(months.values if months.high is None else months.high)
    return offers.with_columns(merchant_row=pl.Series(columns.merchant_row)), pl.DataFrame(merchants)


def run(frames: tuple[pl.DataFrame, pl.DataFrame], columns: Columns) -> Array:
    """(offers,) uint64, as ``by_numpy.run`` gives."""
    offers, merchants = frames
    own = _collected(merchants.lazy().select(word=_word(merchant_rules(columns.merchants))))
    word = _word(offer_rules(columns.offers)) | pl.lit(own).gather(col("merchant_row"))
    return _collected(offers.lazy().select(word=word)).to_numpy()


def run_native(frames: tuple[pl.DataFrame, pl.DataFrame], columns: Columns) -> pl.DataFrame:
    """The same in Polars' own form: a nullable boolean a rule of offers, and one word for the merchant's rules."""
    offers, merchants = frames
    own = _collected(merchants.lazy().select(word=_word(merchant_rules(columns.merchants))))
    gathered = own.gather(offers["merchant_row"]).alias("merchant")
    return offers.lazy().select(**offer_rules(columns.offers)).collect(engine="streaming").with_columns(gathered)


def words_of(native: pl.DataFrame) -> Array:
    """The words that ``run_native``'s columns stand for."""
    words = native["merchant"].to_numpy().copy()
    for rule in native.columns[:-1]:
        passes = native[rule]
        words |= (~passes).fill_null(False).to_numpy() * np.uint64(1 << BITS[rule])
        words |= passes.is_null().to_numpy() * np.uint64(1 << BITS[rule] + 32)
    return words


def _collected(frame: pl.LazyFrame) -> pl.Series:
    return frame.collect(engine="streaming")["word"]  # quicker here than the in-memory engine


def _series(held: Column) -> pl.Series:
    series = pl.Series(held.values)
    if held.missing is None:
        return series
    return pl.select(pl.when(pl.Series(~held.missing)).then(series)).to_series()


def _word(rules: dict[str, pl.Expr]) -> pl.Expr:
    """Fail bits below, unknown bits 32 places higher. Narrow planes first: of six spellings tried, the quickest."""
    zero = pl.lit(0, pl.UInt16)
    fails, unknown = zero, zero
    first = min(BITS[rule] for rule in rules)
    for rule, passes in rules.items():
        bit = pl.lit(1 << BITS[rule] - first, pl.UInt16)
        fails = fails | pl.when(~passes).then(bit).otherwise(zero)
        unknown = unknown | pl.when(passes.is_null()).then(bit).otherwise(zero)
    return fails.cast(pl.UInt64) * (1 << first) | unknown.cast(pl.UInt64) * (1 << first + 32)


def offer_rules(held: dict[str, Column], limits: Any = limits) -> dict[str, pl.Expr]:
    must_be_free = int(~held["unfree_regions"].bits(*limits.MAY_COST))
    ratio, most = limits.PRICE[0], limits.PRICE[1] * col("enrolment_list_price")
    time = col("enrolment_time")
    return {
        "enrolment_window": (time >= limits.ENROL_FROM) & (time < limits.ENROL_UNTIL),
        "in_select": col("is_yanxuan"),
        "select_pickup": col("pickup_rate_48h") >= limits.PICKUP,
        "select_growth": col("growth_score") >= limits.GROWTH,
        "minimum_order": col("moq_counted") <= limits.MOQ,
        "free_shipping": (col("unfree_regions") & pl.lit(must_be_free, pl.UInt64)) == 0,
        "campaign_price": (ratio * col("price_pc") <= most)
        & (ratio * col("price_mobile") <= most)
        & (col("price_pc") > 0)
        & (col("price_mobile") > 0)
        & (col("enrolment_list_price") > 0),
        "experience": col("product_experience") >= limits.EXPERIENCE,
        "escrow": col("escrow_supported"),
    }


def merchant_rules(held: dict[str, Column], limits: Any = limits) -> dict[str, pl.Expr]:
    powerful = int(held["member_types"].bits(*limits.POWERFUL))
    (none,) = held["trustpass_type"].codes(limits.NO_TRUSTPASS)
    admitted = held["trustpass_type"].codes(*limits.TRUSTPASS_TYPES)
    bound = held["entity_type"].codes(*limits.COURT_APPLIES_TO)
    kind, day, opened = col("trustpass_type"), col("shop_enrolment_day"), col("trustpass_open")
    begun = col("trustpass_valid_from").is_null() | (col("trustpass_valid_from") <= day)
    lowest, highest = col("months_since_fake_trading"), col("months_at_most")
    return {
        "select_level": (col("trustpass_level") >= limits.LEVEL)
        | ((col("member_types") & pl.lit(powerful, pl.UInt32)) != 0),
        "disputes": col("dispute_score") >= limits.DISPUTE,
        "medal": col("trade_medal") >= limits.MEDAL,
        "trustpass": (opened.is_not_null() & opened) | (opened.is_null() & (kind != none)),
        "alipay": col("alipay_bound") & col("alipay_verified"),
        "protection": col("buyer_protection"),
        "deposit": col("buyer_protection") & (col("protection_deposit") >= limits.DEPOSIT),
        "trustpass_in_force": kind.is_in(admitted) & (col("trustpass_valid_to") >= day) & begun,
        "fake_trading": pl.when(lowest >= limits.FAKE_TRADING_MONTHS)
        .then(True)
        .when(highest < limits.FAKE_TRADING_MONTHS)
        .then(False),
        "violation_points": col("points_this_year") < limits.POINTS,
        "severe_ip": col("severe_ip_count") <= limits.SEVERE_IP,
        "prohibited_information": col("prohibited_points_this_year") < limits.PROHIBITED,
        "compliance": col("compliance_violations") <= limits.COMPLIANCE,
        "infringing_goods": col("ip_points") <= limits.IP_POINTS,
        "court": ~col("entity_type").is_in(bound) | ~col("court_dishonest"),
        "overdue": ~col("finance_overdue_severe"),
    }
