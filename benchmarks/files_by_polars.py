"""The spring rules by hand in Polars, from a folder of typed parquet files to counts of verdicts or a cube.

    python benchmarks/files_by_polars.py FOLDER

What ``files_by_duckdb`` judges, and leaves out, as lazy frames that the streaming engine runs. Which accounts are one
user is found by SciPy, since no query of Polars calls itself.
Run by itself it holds its counts to those of ``assess``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import limits
import pandas as pd
import polars as pl
from files_by_hand import BEYOND, HUB, MARKS, ONE_PIECE, SHANGHAI, TIES, Given, hold, users

col, when = pl.col, pl.when


def verdicts(folder: str) -> pd.DataFrame:
    """One row a category, by name: category, pre_qualified, ineligible, undetermined, offers."""
    verdict = col("rest") & (col("pickup_rate_48h") >= limits.PICKUP) & (col("moq") <= limits.MOQ)
    counts = {"pre_qualified": verdict.sum(), "ineligible": (~verdict).sum(), "undetermined": verdict.null_count()}
    counted = _judged_offers(folder).group_by("category").agg(**counts, offers=pl.len()).sort("category")
    return _collected(counted).to_pandas()


def cube(folder: str) -> pd.DataFrame:
    """As ``files_by_hand`` says."""
    places = {
        "pickup": (200 * col("pickup_rate_48h") + 1e-9).floor().cast(pl.Int16),
        "moq": col("moq").clip(upper_bound=BEYOND),
    }
    grouped = _judged_offers(folder).group_by("category", "rest", **places).agg(offers=pl.len())
    return _collected(grouped).to_pandas()


def _judged_offers(folder: str) -> pl.LazyFrame:
    """category, rest, pickup_rate_48h and moq of every offer."""
    given = Given.of(folder)
    offers = _scan(folder, "offers").with_columns(
        category=col("category").cast(pl.String).fill_null(""),
        enrolled=_local(col("enrolled_at")).fill_null(pl.lit(given.as_of)),
        pieces=when(col("moq_unit") == "打")
        .then(col("moq").cast(pl.Int32) * 12)
        .when(col("moq_unit").is_in(ONE_PIECE))
        .then(col("moq"))
        .when(col("moq_unit").is_not_null())
        .then(col("moq").cast(pl.Int32) * col("batch_size")),
        pc=pl.coalesce("campaign_price_pc", "campaign_price", "campaign_price_mobile"),
        mobile=pl.coalesce("campaign_price_mobile", "campaign_price", "campaign_price_pc"),
    )
    free_from, is_free = col("free_shipping_from"), col("is_free_shipping")
    freight = (
        when((free_from > 1) & (free_from > col("pieces")))
        .then(False)
        .when(col("paid_regions").is_null())
        .then(when(~is_free).then(False))
        .when(~col("allowed"))
        .then(False)
        .when(~is_free | (free_from > 1) & col("pieces").is_null())
        .then(None)
        .otherwise(True)
    )
    dearer = pl.max_horizontal("pc", "mobile")
    price = (
        when(_too_much(dearer, pl.coalesce("most", "list_price")))
        .then(False)
        .when(~_too_much(dearer, pl.coalesce("least", "list_price")))
        .then(True)
    )
    rest = (
        col("good")
        & (col("enrolled") >= pl.datetime(2024, 2, 23, time_zone=SHANGHAI))
        & (col("enrolled") < pl.datetime(2024, 3, 6, time_zone=SHANGHAI))
        & col("is_yanxuan")
        & (col("growth_score") >= limits.GROWTH)
        & freight
        & price
        & (col("pc") > 0)
        & (col("mobile") > 0)
        & (pl.coalesce("least", "list_price") > 0)
        & _judged(col("sku_fails"), col("sku_unsure"))
        & _judged(col("tier_fails"), col("tier_unsure"))
        & (col("experience_score").fill_null(col("shop_experience_score")) >= limits.EXPERIENCE)
        & col("escrow_supported")
    )
    return (
        offers.join(_good_shops(folder, given), on="merchant_id", how="left")
        .join(_freights(folder), on="paid_regions", how="left")
        .join(_recorded(folder), on="offer_id", how="left")
        .join(_of_skus(folder), on="offer_id", how="left")
        .join(_of_tiers(folder), on="offer_id", how="left")
        .select("category", "pickup_rate_48h", "moq", rest=rest)
    )


def _freights(folder: str) -> pl.LazyFrame:
    """Lists of regions are few: each is looked at once."""
    must_be_free = col("paid_regions").cast(pl.String).str.split("|").list.set_difference([*limits.MAY_COST, "[]"])
    lists = _scan(folder, "offers").select("paid_regions").unique()
    return lists.with_columns(allowed=must_be_free.list.len() == 0)


def _recorded(folder: str) -> pl.LazyFrame:
    """The list price on the last day on record before enrolment: its greatest and its least."""
    enrolled = _scan(folder, "offers").select("offer_id", day=_local(col("enrolled_at")).dt.date()).drop_nulls()
    day, price = col("price_day"), col("price_on_day").filter(col("price_day") == col("price_day").max())
    return (
        _scan(folder, "price_history")
        .join(enrolled, on="offer_id")
        .filter(day <= col("day"), day > col("day") - pl.duration(days=180))
        .group_by("offer_id")
        .agg(most=price.max(), least=price.min())
    )


def _of_skus(folder: str) -> pl.LazyFrame:
    over = _too_much(col("sku_campaign_price"), col("sku_list_price"))
    return (
        _scan(folder, "skus")
        .group_by("offer_id")
        .agg(
            sku_fails=over.any(),
            sku_unsure=over.is_null().any() | (col("sku_campaign_price").max() == 0),
        )
    )


def _of_tiers(folder: str) -> pl.LazyFrame:
    """By the tier that the minimum order reaches, else the lowest."""
    start, price = col("tier_from"), col("tier_campaign_price")
    reached = start == pl.coalesce(start.filter(start <= col("moq")).max(), start.min())
    over = _too_much(price, col("tier_list_price")).filter(reached)
    unsure = (pl.len() > 1) & col("moq").first().is_null()
    return (
        _scan(folder, "price_tiers")
        .join(_scan(folder, "offers").select("offer_id", "moq"), on="offer_id")
        .group_by("offer_id")
        .agg(
            tier_fails=over.any() & ~unsure,
            tier_unsure=unsure | over.is_null().any() | (price.filter(reached).max() == 0),
        )
    )


def _good_shops(folder: str, given: Given) -> pl.LazyFrame:
    """merchant_id, shop_experience_score, and whether all rules of merchants hold."""
    first = _scan(folder, "offers").group_by("merchant_id").agg(first=col("enrolled_at").min())
    shops = _collected(
        _scan(folder, "merchants")
        .join(first, on="merchant_id", how="left", maintain_order="left")
        .with_columns(day=_local(col("first")).fill_null(pl.lit(given.as_of)).dt.date())
    )
    shops = shops.with_columns(user=_users(folder, shops, given.placeholders))
    faked = _faked(folder, shops.lazy())
    kind, opened, day = col("trustpass_type"), col("trustpass_open"), col("day")
    begun = col("trustpass_valid_from").is_null() | (col("trustpass_valid_from") <= day)
    members = col("member_types").cast(pl.String).str.split("|")
    powerful = pl.any_horizontal(members.list.contains(each) for each in limits.POWERFUL)
    good = (
        ((col("trustpass_level").cast(pl.String) >= "L2") | powerful)
        & (col("dispute_score") >= limits.DISPUTE)
        & (col("trade_medal") != "无")
        & ((opened.is_not_null() & opened) | (opened.is_null() & (kind != limits.NO_TRUSTPASS)))
        & col("alipay_bound")
        & col("alipay_verified")
        & col("buyer_protection")
        & (col("protection_deposit") >= 3000)
        & kind.is_in(limits.TRUSTPASS_TYPES)
        & (col("trustpass_valid_to") >= day)
        & begun
        & _judged(col("fails"), col("unsure"))
        & _judged(
            col("penalty_points").fill_null(col("least")) >= limits.POINTS,
            col("penalty_points").fill_null(col("most")) >= limits.POINTS,
        )
        & _judged(
            col("prohibited_info_points").fill_null(col("prohibited_least")) >= limits.PROHIBITED,
            col("prohibited_info_points").fill_null(col("prohibited_most")) >= limits.PROHIBITED,
        )
        & (col("severe_ip_count") <= limits.SEVERE_IP)
        & (col("compliance_violations") <= limits.COMPLIANCE)
        & (col("ip_points") <= limits.IP_POINTS)
        & (~col("entity_type").is_in(limits.COURT_APPLIES_TO) | ~col("court_dishonest"))
        & ~col("finance_overdue_severe")
    )
    return (
        shops.lazy()
        .join(faked, on="merchant_id", how="left")
        .join(_points(folder, given), on="merchant_id", how="left")
        .select("merchant_id", "shop_experience_score", good=good)
    )


def _users(folder: str, shops: pl.DataFrame, placeholders: list[str]) -> pl.Series:
    """The same number for accounts that share identifiers, or of which one names the other."""
    rows = shops.lazy().with_row_index("row").select("row", "merchant_id", *TIES)
    none = pl.Series(placeholders).str.to_lowercase().str.replace_all(MARKS, "")
    held = col("held")
    is_none = held.str.contains("[*＊]{2}") | held.str.to_lowercase().str.replace_all(MARKS, "").is_in(none.implode())
    shared = (
        rows.unpivot(TIES, index="row", variable_name="kind", value_name="held")
        .filter(held != "")
        .group_by("kind", "held")
        .agg("row")
        .filter(col("row").list.len().is_between(2, HUB))
        .filter(~is_none)
        .select(one=col("row").list.first(), other="row")
        .explode("other")
    )
    row = rows.select("row", "merchant_id")
    named = (
        _scan(folder, "links")
        .join(row, on="merchant_id")
        .join(row, left_on="linked_id", right_on="merchant_id")
        .select(one="row", other="row_right")
    )
    ties = _collected(pl.concat([shared, named]))
    return pl.Series(users(len(shops), ties["one"].to_numpy(), ties["other"].to_numpy()))


def _faked(folder: str, shops: pl.LazyFrame) -> pl.LazyFrame:
    """Severe fake trading by any account of the user in the months before enrolment."""
    severe = (
        (col("penalty_kind") == "虚假交易")
        & col("penalty_severity").is_in(["严重", "特别严重"])
        & (col("penalty_status") != "已撤销")
    )
    date, day = col("penalty_date"), col("day")
    counts = col("severe") & (date > day.dt.offset_by(f"-{limits.FAKE_TRADING_MONTHS}mo")) & (date <= day)
    return (
        _scan(folder, "penalties")
        .select("merchant_id", "penalty_date", severe=severe)
        .filter(col("severe").fill_null(True))
        .join(shops.select("merchant_id", "user"), on="merchant_id")
        .drop("merchant_id")
        .join(shops.select("merchant_id", "user", "day"), on="user")
        .group_by("merchant_id")
        .agg(fails=counts.any(), unsure=counts.is_null().any())
    )


def _points(folder: str, given: Given) -> pl.LazyFrame:
    """On record this year, at the least and at the most."""
    date, deduction = col("penalty_date"), col("penalty_deduction").cast(pl.Int64)
    counts = (col("penalty_status") != "已撤销") & (date >= given.today.replace(month=1, day=1)) & (date <= given.today)
    prohibited = counts & (col("penalty_kind") == "违禁信息")
    return (
        _scan(folder, "penalties")
        .group_by("merchant_id")
        .agg(
            least=deduction.filter(counts).sum(),
            most=deduction.filter(counts.fill_null(True)).sum(),
            prohibited_least=deduction.filter(prohibited).sum(),
            prohibited_most=deduction.filter(prohibited.fill_null(True)).sum(),
        )
    )


def _scan(folder: str, table: str) -> pl.LazyFrame:
    """All files of a table, of which some may lack columns, or hold numbers more narrowly."""
    files = sorted(Path(folder, table).glob("*.parquet"))
    return pl.concat([pl.scan_parquet(file) for file in files], how="diagonal_relaxed")


def _collected(frame: pl.LazyFrame) -> pl.DataFrame:
    return cast("pl.DataFrame", frame.collect(engine="streaming"))


def _local(time: pl.Expr) -> pl.Expr:
    return time.dt.convert_time_zone(SHANGHAI)


def _judged(fails: pl.Expr, unsure: pl.Expr) -> pl.Expr:
    """What fails, else what is unknown, else what holds; of a subject without rows both are null."""
    return when(fails).then(False).when(unsure).then(None).otherwise(True)


def _too_much(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """A campaign price is above its share of the list price."""
    return when(whole > 0).then(limits.PRICE[0] * part > limits.PRICE[1] * whole)


if __name__ == "__main__":
    hold(sys.argv[1], verdicts, cube)
