"""The spring rules by hand in DuckDB SQL: native tables in memory, each condition written once, all cores."""

from __future__ import annotations

from typing import Any

import duckdb
import limits
import numpy as np
import pyarrow as pa
from columns import BITS, Array, Column, Columns


def prepare(columns: Columns) -> duckdb.DuckDBPyConnection:
    """A connection with tables of offers and merchants, nulls for missing cells; texts stay codes."""
    connection = duckdb.connect()
    months = columns.merchants["months_since_fake_trading"]
    at_most = pa.array(months.values if months.high is None else months.high)
    for table, held, more in (
        ("offers", columns.offers, {}),
        ("merchants", columns.merchants, {"months_at_most": at_most}),
    ):
        arrow = pa.table({**{name: _array(column) for name, column in held.items()}, **more})
        connection.register("arrow", arrow)
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM arrow")
        connection.unregister("arrow")
    return connection


def run(connection: duckdb.DuckDBPyConnection, columns: Columns) -> Array:
    """(offers,) uint64, as ``by_numpy.run`` gives."""
    merchants = _words(connection, "merchants", merchant_rules(columns.merchants))
    words = _words(connection, "offers", offer_rules(columns.offers))
    words |= np.take(merchants, columns.merchant_row)
    return words


def _array(held: Column) -> pa.Array:
    return pa.array(held.values, mask=held.missing)


def _words(connection: duckdb.DuckDBPyConnection, table: str, rules: dict[str, str]) -> Array:
    first = min(BITS[rule] for rule in rules)
    parts = [  # BIGINTs joined by |: of six spellings tried, the quickest
        f"CASE {condition} WHEN TRUE THEN 0::BIGINT WHEN FALSE THEN {1 << BITS[rule] - first}::BIGINT"
        f" ELSE {1 << BITS[rule] - first + 32}::BIGINT END"
        for rule, condition in rules.items()
    ]
    words = connection.execute(f"SELECT {' | '.join(parts)} AS word FROM {table}").fetchnumpy()["word"]
    return np.asarray(words).view(np.uint64) << np.uint64(first)


def offer_rules(held: dict[str, Column], limits: Any = limits) -> dict[str, str]:
    must_be_free = int(~held["unfree_regions"].bits(*limits.MAY_COST))
    ratio, share = limits.PRICE
    return {
        "enrolment_window": f"(enrolment_time >= {limits.ENROL_FROM} AND enrolment_time < {limits.ENROL_UNTIL})",
        "in_select": "is_yanxuan",
        "select_pickup": f"(pickup_rate_48h >= {limits.PICKUP}::DOUBLE)",
        "select_growth": f"(growth_score >= {limits.GROWTH}::DOUBLE)",
        "minimum_order": f"(moq_counted <= {limits.MOQ})",
        "free_shipping": f"((unfree_regions & {must_be_free}::UBIGINT) = 0)",
        "campaign_price": f"({ratio} * price_pc <= {share} * enrolment_list_price"
        f" AND {ratio} * price_mobile <= {share} * enrolment_list_price"
        " AND price_pc > 0 AND price_mobile > 0 AND enrolment_list_price > 0)",
        "experience": f"(product_experience >= {limits.EXPERIENCE}::DOUBLE)",
        "escrow": "escrow_supported",
    }


def merchant_rules(held: dict[str, Column], limits: Any = limits) -> dict[str, str]:
    powerful = int(held["member_types"].bits(*limits.POWERFUL))
    (none,) = held["trustpass_type"].codes(limits.NO_TRUSTPASS)
    admitted = ", ".join(map(str, held["trustpass_type"].codes(*limits.TRUSTPASS_TYPES)))
    bound = ", ".join(map(str, held["entity_type"].codes(*limits.COURT_APPLIES_TO)))
    months = limits.FAKE_TRADING_MONTHS
    return {
        "select_level": f"(trustpass_level >= {limits.LEVEL} OR (member_types & {powerful}::UINTEGER) <> 0)",
        "disputes": f"(dispute_score >= {limits.DISPUTE}::DOUBLE)",
        "medal": f"(trade_medal >= {limits.MEDAL})",
        "trustpass": "(trustpass_open IS NOT NULL AND trustpass_open"
        f" OR trustpass_open IS NULL AND trustpass_type <> {none})",
        "alipay": "(alipay_bound AND alipay_verified)",
        "protection": "buyer_protection",
        "deposit": f"(buyer_protection AND protection_deposit >= {limits.DEPOSIT})",
        "trustpass_in_force": f"(trustpass_type IN ({admitted}) AND trustpass_valid_to >= shop_enrolment_day"
        " AND (trustpass_valid_from IS NULL OR trustpass_valid_from <= shop_enrolment_day))",
        "fake_trading": f"(CASE WHEN months_since_fake_trading >= {months} THEN TRUE"
        f" WHEN months_at_most < {months} THEN FALSE END)",
        "violation_points": f"(points_this_year < {limits.POINTS})",
        "severe_ip": f"(severe_ip_count <= {limits.SEVERE_IP})",
        "prohibited_information": f"(prohibited_points_this_year < {limits.PROHIBITED})",
        "compliance": f"(compliance_violations <= {limits.COMPLIANCE})",
        "infringing_goods": f"(ip_points <= {limits.IP_POINTS})",
        "court": f"(entity_type NOT IN ({bound}) OR NOT court_dishonest)",
        "overdue": "(NOT finance_overdue_severe)",
    }
