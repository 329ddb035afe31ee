"""The spring rules by hand in pandas with nullable columns, whose booleans are three-valued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import limits
import numpy as np
import pandas as pd
from columns import BITS, Array, Column, Columns

Frames = tuple[pd.DataFrame, pd.DataFrame]
Rules = dict[str, Callable[[], pd.Series]]  # three-valued: passes, fails, missing


def prepare(columns: Columns) -> Frames:
    """Frames of offers and of merchants; texts stay codes, sets stay bits."""
    merchants = {name: _nullable(held) for name, held in columns.merchants.items()}
    months = columns.merchants["months_since_fake_trading"]
    merchants["months_at_most"] = pd.array(months.values if months.high is None else months.high)
    offers = {name: _nullable(held) for name, held in columns.offers.items()}
    return pd.DataFrame(offers), pd.DataFrame(merchants)


def run(frames: Frames, columns: Columns) -> Array:
    """(offers,) uint64, as ``by_numpy.run`` gives."""
    offers, merchants = frames
    words = _word(merchant_rules(merchants, columns.merchants), len(merchants))[columns.merchant_row]
    words |= _word(offer_rules(offers, columns.offers), len(offers))
    return words


def merged(frames: Frames, columns: Columns) -> pd.DataFrame:
    """One frame, with the columns of each offer's merchant beside its own."""
    offers, merchants = frames
    return pd.concat([offers, merchants.take(columns.merchant_row).reset_index(drop=True)], axis=1)


def run_merged(frame: pd.DataFrame, columns: Columns) -> Array:
    """The same words from merged rows, every rule evaluated for every offer."""
    words = _word(merchant_rules(frame, columns.merchants), len(frame))
    words |= _word(offer_rules(frame, columns.offers), len(frame))
    return words


def _nullable(held: Column) -> Any:
    gone = np.zeros(len(held.values), bool) if held.missing is None else held.missing
    kind = {"f": pd.arrays.FloatingArray, "b": pd.arrays.BooleanArray}.get(
        held.values.dtype.kind, pd.arrays.IntegerArray
    )
    return kind(held.values, gone)


def _word(rules: Rules, rows: int) -> Array:
    """Fail bits below, unknown bits 32 places higher."""
    words = np.zeros(rows, np.uint64)
    for rule, test in rules.items():
        passes = test()
        fails = (~passes).to_numpy(bool, na_value=False)
        unknown = passes.isna().to_numpy()
        words |= fails * np.uint64(1 << BITS[rule])
        words |= unknown * np.uint64(1 << BITS[rule] + 32)
    return words


def _any_bit(series: pd.Series, bits: int) -> pd.Series:
    """Whether a set holds any of some members; nullable integers know no bit operations."""
    held = series.array
    return pd.Series(pd.arrays.BooleanArray((held._data & held._data.dtype.type(bits)) != 0, held._mask), series.index)


def offer_rules(o: pd.DataFrame, held: dict[str, Column], limits: Any = limits) -> Rules:
    """Each rule when it is asked for: pandas works at once."""
    list_price, (ratio, share) = o["enrolment_list_price"], limits.PRICE
    time, pc, mobile = o["enrolment_time"], o["price_pc"], o["price_mobile"]
    return {
        "enrolment_window": lambda: (time >= limits.ENROL_FROM) & (time < limits.ENROL_UNTIL),
        "in_select": lambda: o["is_yanxuan"],
        "select_pickup": lambda: o["pickup_rate_48h"] >= limits.PICKUP,
        "select_growth": lambda: o["growth_score"] >= limits.GROWTH,
        "minimum_order": lambda: o["moq_counted"] <= limits.MOQ,
        "free_shipping": lambda: ~_any_bit(o["unfree_regions"], int(~held["unfree_regions"].bits(*limits.MAY_COST))),
        "campaign_price": lambda: (
            (pc * ratio <= (most := list_price * share))
            & (mobile * ratio <= most)
            & (pc > 0)
            & (mobile > 0)
            & (list_price > 0)
        ),
        "experience": lambda: o["product_experience"] >= limits.EXPERIENCE,
        "escrow": lambda: o["escrow_supported"],
    }


def merchant_rules(m: pd.DataFrame, held: dict[str, Column], limits: Any = limits) -> Rules:
    """As ``offer_rules``."""
    (none,) = held["trustpass_type"].codes(limits.NO_TRUSTPASS)
    kind, opened, day = m["trustpass_type"], m["trustpass_open"], m["shop_enrolment_day"]
    begin, entity = m["trustpass_valid_from"], m["entity_type"]
    one, other = held["trustpass_type"].codes(*limits.TRUSTPASS_TYPES)
    enterprise, trader = held["entity_type"].codes(*limits.COURT_APPLIES_TO)
    least, most, months = m["months_since_fake_trading"], m["months_at_most"], limits.FAKE_TRADING_MONTHS
    return {
        "select_level": lambda: (
            (m["trustpass_level"] >= limits.LEVEL)
            | _any_bit(m["member_types"], int(held["member_types"].bits(*limits.POWERFUL)))
        ),
        "disputes": lambda: m["dispute_score"] >= limits.DISPUTE,
        "medal": lambda: m["trade_medal"] >= limits.MEDAL,
        "trustpass": lambda: (opened.notna() & opened) | (opened.isna() & (kind != none)),
        "alipay": lambda: m["alipay_bound"] & m["alipay_verified"],
        "protection": lambda: m["buyer_protection"],
        "deposit": lambda: m["buyer_protection"] & (m["protection_deposit"] >= limits.DEPOSIT),
        "trustpass_in_force": lambda: (
            ((kind == one) | (kind == other)) & (m["trustpass_valid_to"] >= day) & (begin.isna() | (begin <= day))
        ),
        "fake_trading": lambda: (
            pd.Series(True, m.index, dtype="boolean").mask(least < months).mask(most < months, False)
        ),
        "violation_points": lambda: m["points_this_year"] < limits.POINTS,
        "severe_ip": lambda: m["severe_ip_count"] <= limits.SEVERE_IP,
        "prohibited_information": lambda: m["prohibited_points_this_year"] < limits.PROHIBITED,
        "compliance": lambda: m["compliance_violations"] <= limits.COMPLIANCE,
        "infringing_goods": lambda: m["ip_points"] <= limits.IP_POINTS,
        "court": lambda: ~((entity == enterprise) | (entity == trader)) | ~m["court_dishonest"],
        "overdue": lambda: ~m["finance_overdue_severe"],
    }
