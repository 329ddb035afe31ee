"""The spring rules by hand in DuckDB SQL, from a folder of typed parquet files to counts of verdicts or a cube.

    python benchmarks/files_by_duckdb.py FOLDER

Every rule that blocks, and what it derives; warnings change no verdict and are left out. Written for files as
``scale.make`` writes them: no ranges, days and amounts in histories known, each merchant once, a feed of penalties that
is complete. Of placeholders for an identifier it knows case, spaces and marks apart, not full-width characters.
Run by itself it holds its counts to those of ``assess``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from files_by_hand import BEYOND, HUB, MARKS, ONE_PIECE, TIES, Given, hold
from limits import MAY_COST

import campaign_analytics as ca
from campaign_analytics.simulate.what_if import WhatIf

TABLES = ("offers", "merchants", "skus", "price_tiers", "price_history", "penalties", "links")

#: What holds of a merchant, rule by rule.
OF_A_SHOP = {
    "select_level": """trustpass_level >= 'L2'
            OR list_has_any(string_split(member_types, '|'), ['实力商家', '超级工厂'])""",
    "disputes": "dispute_score >= 4",
    "medal": "trade_medal <> '无'",
    "trustpass": "trustpass_open IS NOT NULL AND trustpass_open OR trustpass_open IS NULL AND trustpass_type <> '无'",
    "alipay": "alipay_bound AND alipay_verified",
    "protection": "buyer_protection",
    "deposit": "buyer_protection AND protection_deposit >= 3000",
    "trustpass_in_force": """trustpass_type IN ('个人诚信通', '企业诚信通') AND trustpass_valid_to >= day
            AND (trustpass_valid_from IS NULL OR trustpass_valid_from <= day)""",
    "fake_trading": "judged(faked.fails, faked.unsure)",
    "violation_points": "judged(coalesce(penalty_points, least) >= 36, coalesce(penalty_points, most) >= 36)",
    "prohibited_information": """judged(
            coalesce(prohibited_info_points, prohibited_least) >= 24,
            coalesce(prohibited_info_points, prohibited_most) >= 24
        )""",
    "severe_ip": "severe_ip_count <= 0",
    "compliance": "compliance_violations <= 0",
    "infringing_goods": "ip_points <= 0",
    "court": "entity_type NOT IN ('企业', '个体工商户') OR NOT court_dishonest",
    "overdue": "NOT finance_overdue_severe",
}
#: What holds of an offer, but for its pickup rate and minimum order.
OF_AN_OFFER = {
    "enrolment_window": """enrolled >= TIMESTAMPTZ '2024-02-23 00:00+08'
            AND enrolled < TIMESTAMPTZ '2024-03-06 00:00+08'""",
    "in_select": "is_yanxuan",
    "select_growth": "growth_score >= 60",
    "free_shipping": """CASE
            WHEN free_shipping_from > 1 AND free_shipping_from > pieces THEN FALSE
            WHEN paid_regions IS NULL THEN CASE WHEN NOT is_free_shipping THEN FALSE END
            WHEN NOT allowed THEN FALSE
            WHEN NOT is_free_shipping OR free_shipping_from > 1 AND pieces IS NULL THEN NULL
            ELSE TRUE END""",
    "campaign_price": """CASE WHEN 20 * greatest(pc, mobile) > 19 * coalesce(most, list_price) THEN FALSE
            WHEN 20 * greatest(pc, mobile) <= 19 * coalesce(least, list_price) THEN TRUE END
            AND pc > 0 AND mobile > 0 AND coalesce(least, list_price) > 0""",
    "sku_prices": "judged(of_skus.fails, of_skus.unsure)",
    "tier_price": "judged(of_tiers.fails, of_tiers.unsure)",
    "experience": "coalesce(experience_score, shop_experience_score) >= 2",
    "escrow": "escrow_supported",
}

#: What fails, else what is unknown, else what holds; of a subject without rows both are null.
JUDGED = "CREATE MACRO judged(fails, unsure) AS CASE WHEN fails THEN FALSE WHEN unsure THEN NULL ELSE TRUE END"
#: The campaign price of one of several rows of an offer is too much, at most, or not known to be either.
TOO_MUCH = "CREATE MACRO too_much(part, whole) AS CASE WHEN whole > 0 THEN 20 * part > 19 * whole END"

OF_OFFERS = """
recorded AS (  -- the list price on the last day on record before enrolment: its greatest and its least
    SELECT offer_id, max((price_day, price_on_day))[2] AS most, -max((price_day, -price_on_day))[2] AS least
    FROM price_history JOIN (
        SELECT offer_id, (enrolled_at AT TIME ZONE 'Asia/Shanghai')::DATE AS day FROM offers WHERE enrolled_at NOT NULL
    ) USING (offer_id)
    WHERE price_day <= day AND price_day > day - 180
    GROUP BY offer_id
),
of_skus AS (
    SELECT offer_id, bool_or(over) AS fails, bool_or(over IS NULL) OR max(sku_campaign_price) = 0 AS unsure
    FROM (SELECT *, too_much(sku_campaign_price, sku_list_price) AS over FROM skus)
    GROUP BY offer_id
),
tiers AS (  -- with the tier that the minimum order reaches, else the lowest
    SELECT price_tiers.*, count(*) OVER offer > 1 AND moq IS NULL AS unsure,
        coalesce(max(tier_from) FILTER (tier_from <= moq) OVER offer, min(tier_from) OVER offer) AS tier
    FROM price_tiers JOIN (SELECT offer_id, moq FROM offers) USING (offer_id)
    WINDOW offer AS (PARTITION BY offer_id)
),
of_tiers AS (
    SELECT offer_id, bool_or(over) AND NOT bool_or(unsure) AS fails,
        bool_or(unsure OR over IS NULL) OR max(tier_campaign_price) = 0 AS unsure
    FROM (SELECT *, too_much(tier_campaign_price, tier_list_price) AS over FROM tiers WHERE tier_from = tier)
    GROUP BY offer_id
)"""

OF_MERCHANTS = f"""
shops AS (  -- the day of the earliest enrolment
    SELECT merchants.*, (coalesce(first, $as_of) AT TIME ZONE 'Asia/Shanghai')::DATE AS day
    FROM merchants LEFT JOIN (SELECT merchant_id, min(enrolled_at) AS first FROM offers GROUP BY ALL)
        USING (merchant_id)
),
edges AS MATERIALIZED (  -- accounts that share an identifier, or of which one names the other
    SELECT one.account, other.account AS next FROM (
        SELECT list(merchant_id) AS accounts
        FROM (UNPIVOT (SELECT merchant_id, {", ".join(TIES)} FROM merchants)
              ON {", ".join(TIES)} INTO NAME kind VALUE held)
        WHERE held <> ''
        GROUP BY kind, held
        HAVING count(*) BETWEEN 2 AND {HUB} AND NOT regexp_matches(held, '[*＊][*＊]')
            AND plain(held) NOT IN (SELECT plain(unnest($placeholders)))
    ), unnest(accounts) AS one(account), unnest(accounts) AS other(account)
    UNION ALL SELECT merchant_id, linked_id FROM links
    UNION ALL SELECT linked_id, merchant_id FROM links
),
fakes AS (  -- what is severe fake trading, or may be
    SELECT merchant_id, penalty_date, severe FROM (
        SELECT *, penalty_kind = '虚假交易' AND penalty_severity IN ('严重', '特别严重')
            AND penalty_status <> '已撤销' AS severe FROM penalties
    ) WHERE coalesce(severe, TRUE)
),
reached AS (
    SELECT DISTINCT merchant_id AS source, merchant_id AS account FROM fakes
    UNION SELECT source, next FROM reached JOIN edges USING (account)
),
faked AS (
    SELECT merchant_id, bool_or(counts) AS fails, bool_or(counts IS NULL) AS unsure FROM (
        SELECT shops.merchant_id,
            severe AND penalty_date > day - INTERVAL 3 MONTH AND penalty_date <= day AS counts
        FROM fakes JOIN reached ON source = fakes.merchant_id JOIN shops ON account = shops.merchant_id
    ) GROUP BY merchant_id
),
points AS (  -- on record this year, at the least and at the most
    SELECT merchant_id,
        sum(penalty_deduction) FILTER (counts) AS least,
        sum(penalty_deduction) FILTER (counts IS NOT FALSE) AS most,
        sum(penalty_deduction) FILTER (counts AND penalty_kind = '违禁信息') AS prohibited_least,
        sum(penalty_deduction) FILTER ((counts AND penalty_kind = '违禁信息') IS NOT FALSE) AS prohibited_most
    FROM (
        SELECT *, penalty_status <> '已撤销' AND penalty_date >= date_trunc('year', $today)
            AND penalty_date <= $today AS counts FROM penalties
    ) GROUP BY merchant_id
),
good_shops AS (
    SELECT merchant_id, shop_experience_score,
        {", ".join(f"({held}) AS r_{rule}" for rule, held in OF_A_SHOP.items())},
        {" AND ".join(f"({held})" for held in OF_A_SHOP.values())} AS good
    FROM shops LEFT JOIN faked USING (merchant_id) LEFT JOIN points USING (merchant_id)
)"""

JUDGED_OFFERS = f"""
WITH RECURSIVE {OF_OFFERS}, {OF_MERCHANTS},
freights AS (  -- lists of regions are few: each is looked at once
    SELECT DISTINCT paid_regions,
        paid_regions = '[]' OR list_has_all({[*MAY_COST]}, string_split(paid_regions, '|')) AS allowed FROM offers
),
told AS (
    SELECT *,
        CASE WHEN moq_unit = '打' THEN moq::INTEGER * 12
            WHEN moq_unit IN {ONE_PIECE} THEN moq
            WHEN moq_unit IS NOT NULL THEN moq::INTEGER * batch_size END AS pieces,
        coalesce(campaign_price_pc, campaign_price, campaign_price_mobile) AS pc,
        coalesce(campaign_price_mobile, campaign_price, campaign_price_pc) AS mobile,
        coalesce(enrolled_at, $as_of) AS enrolled
    FROM offers
),
judged_offers AS (
    SELECT category, pickup_rate_48h, moq, {", ".join(f"r_{rule}" for rule in OF_A_SHOP)},
        {", ".join(f"({held}) AS r_{rule}" for rule, held in OF_AN_OFFER.items())},
        good AND {" AND ".join(f"({held})" for held in OF_AN_OFFER.values())} AS rest
    FROM told
    LEFT JOIN freights USING (paid_regions) LEFT JOIN good_shops USING (merchant_id)
    LEFT JOIN recorded USING (offer_id) LEFT JOIN of_skus USING (offer_id) LEFT JOIN of_tiers USING (offer_id)
)"""

VERDICTS = f"""{JUDGED_OFFERS}
SELECT coalesce(category, '') AS category, count(*) FILTER (verdict) AS pre_qualified,
    count(*) FILTER (NOT verdict) AS ineligible, count(*) FILTER (verdict IS NULL) AS undetermined, count(*) AS offers
FROM (SELECT category, rest AND pickup_rate_48h >= 0.9::DOUBLE AND moq <= 2 AS verdict FROM judged_offers)
GROUP BY ALL ORDER BY ALL
"""

CUBE = f"""{JUDGED_OFFERS}
SELECT coalesce(category, '') AS category, rest, floor(200 * pickup_rate_48h + 1e-9)::SMALLINT AS pickup,
    CASE WHEN moq IS NOT NULL THEN least(moq, {BEYOND}) END AS moq, count(*) AS offers
FROM judged_offers GROUP BY ALL
"""


RULES = (*OF_AN_OFFER, *OF_A_SHOP)
COSTS = f"""{JUDGED_OFFERS}
SELECT coalesce(category, '') AS category, rest, floor(200 * pickup_rate_48h + 1e-9)::SMALLINT AS pickup,
    CASE WHEN moq IS NOT NULL THEN least(moq, {BEYOND}) END AS moq, count(*) AS offers,
    {", ".join(f"count(*) FILTER (NOT r_{rule}) AS f_{rule}, count(*) - count(r_{rule}) AS u_{rule}" for rule in RULES)}
FROM judged_offers GROUP BY ALL
"""


def verdicts(folder: str) -> pd.DataFrame:
    """One row a category, by name: category, pre_qualified, ineligible, undetermined, offers."""
    return _asked(folder, VERDICTS)


def cube(folder: str) -> pd.DataFrame:
    """As ``files_by_hand`` says."""
    return _asked(folder, CUBE)


def costs(folder: str) -> pd.DataFrame:
    """``cube`` with what each other rule costs: ``f_rule`` offers that fail it, ``u_rule`` those unknown in it."""
    return _asked(folder, COSTS)


def _asked(folder: str, query: str) -> pd.DataFrame:
    connection = duckdb.connect()
    for table in TABLES:
        connection.read_parquet(str(Path(folder, table, "*.parquet")), union_by_name=True).create_view(table)
    connection.execute(JUDGED)
    connection.execute(TOO_MUCH)
    connection.execute(f"CREATE MACRO plain(t) AS regexp_replace(lower(t), '{MARKS}', '', 'g')")
    return connection.execute(query, Given.of(folder)._asdict()).df()


def hold_costs(folder: str) -> None:
    """Hold them to those of ``what_if_cube``."""
    book = ca.load_rulebook("spring_2024", "corrected")
    ours = WhatIf(ca.what_if_cube(folder, book, ["min_pickup_rate_48h", "max_moq"])).standing("category")
    told = costs(folder).groupby("category").sum().loc[list(ours.groups)]
    for rule in RULES:
        for counts, sign in ((ours.fails, "f"), (ours.unknowns, "u")):
            np.testing.assert_array_equal(told[f"{sign}_{rule}"], counts[ours.rules.index(rule)], rule)


if __name__ == "__main__":
    hold(sys.argv[1], verdicts, cube)
    hold_costs(sys.argv[1])
