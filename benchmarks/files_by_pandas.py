"""The spring rules by hand in pandas, from a folder of typed parquet files to counts of verdicts or a cube.

    python benchmarks/files_by_pandas.py FOLDER

What ``files_by_duckdb`` judges, and leaves out, in columns of Arrow, whose booleans are three-valued and whose decimals
are exact. Each table is held whole, in the columns that are asked for.
Run by itself it holds its counts to those of ``assess``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

import limits
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from files_by_hand import BEYOND, HUB, ONE_PIECE, SHANGHAI, TIES, Given, hold, users

OF_OFFERS = [
    "offer_id", "merchant_id", "category", "enrolled_at", "is_yanxuan", "pickup_rate_48h", "growth_score", "moq",
    "moq_unit", "batch_size", "free_shipping_from", "paid_regions", "is_free_shipping", "campaign_price_pc",
    "campaign_price_mobile", "campaign_price", "list_price", "experience_score", "escrow_supported",
]  # fmt: skip
FLAG, TIME, TEXT, COUNT = "bool[pyarrow]", "timestamp[us][pyarrow]", "string[pyarrow]", "int64[pyarrow]"


def verdicts(folder: str) -> pd.DataFrame:
    """One row a category, by name: category, pre_qualified, ineligible, undetermined, offers."""
    offers = _judged_offers(folder)
    verdict = offers["rest"] & (offers["pickup_rate_48h"] >= limits.PICKUP) & (offers["moq"] <= limits.MOQ)
    kinds = {"pre_qualified": _surely(verdict), "ineligible": _surely(~verdict), "undetermined": verdict.isna()}
    counted = pd.DataFrame({**kinds, "offers": 1}).groupby(offers["category"], observed=True).sum()
    return counted.set_index(counted.index.astype("str")).sort_index().reset_index()


def cube(folder: str) -> pd.DataFrame:
    """As ``files_by_hand`` says."""
    offers = _judged_offers(folder)
    pickup = np.floor(200 * offers["pickup_rate_48h"] + 1e-9)
    places = offers[["category", "rest"]].assign(pickup=pickup, moq=offers["moq"].clip(upper=BEYOND))
    return places.groupby([*places], observed=True, dropna=False).size().reset_index(name="offers")


def _judged_offers(folder: str) -> pd.DataFrame:
    """category, rest, pickup_rate_48h and moq of every offer."""
    given = Given.of(folder)
    offers = _read(folder, "offers", OF_OFFERS)
    offers["day"] = _day(offers["enrolled_at"])
    enrolled = offers["enrolled_at"].fillna(pd.Timestamp(given.as_of).tz_convert("UTC"))
    shop = _good_shops(folder, given, offers).reindex(offers["merchant_id"]).reset_index(drop=True)
    recorded, skus, tiers = (
        made.reindex(offers["offer_id"]).reset_index(drop=True)
        for made in (_recorded(folder, offers), _of_skus(folder), _of_tiers(folder, offers))
    )
    pc = offers["campaign_price_pc"].fillna(offers["campaign_price"]).fillna(offers["campaign_price_mobile"])
    mobile = offers["campaign_price_mobile"].fillna(offers["campaign_price"]).fillna(offers["campaign_price_pc"])
    most, least = (recorded[end].fillna(offers["list_price"]) for end in ("most", "least"))
    ratio, share = limits.PRICE
    dear = [ratio * price > share * end for end in (most, least) for price in (pc, mobile)]
    rest = (
        shop["good"]
        & (enrolled >= pd.Timestamp("2024-02-23", tz=SHANGHAI))
        & (enrolled < pd.Timestamp("2024-03-06", tz=SHANGHAI))
        & offers["is_yanxuan"]
        & (offers["growth_score"] >= limits.GROWTH)
        & _freight(offers)
        & _judged(dear[0] | dear[1], dear[2] | dear[3])
        & (pc > 0)
        & (mobile > 0)
        & (least > 0)
        & _judged(skus["fails"], skus["unsure"])
        & _judged(tiers["fails"], tiers["unsure"])
        & (offers["experience_score"].fillna(shop["shop_experience_score"]) >= limits.EXPERIENCE)
        & offers["escrow_supported"]
    )
    category = offers["category"].cat.add_categories([""]).fillna("")
    return offers[["pickup_rate_48h", "moq"]].assign(category=category, rest=rest)


def _freight(offers: pd.DataFrame) -> pd.Series:
    """Free to all regions that must be, at the minimum order; lists of regions are few, each is looked at once."""
    unit, moq = offers["moq_unit"], offers["moq"]
    batch = (moq * offers["batch_size"]).where(unit.notna())
    pieces = batch.mask(unit == "打", 12 * moq).mask(unit.isin(ONE_PIECE), moq)
    lists = offers["paid_regions"]
    may_cost = {each: {*each.split("|")} <= {*limits.MAY_COST, "[]"} for each in lists.cat.categories}
    allowed, start, is_free = lists.map(may_cost).astype(FLAG), offers["free_shipping_from"], offers["is_free_shipping"]
    later = _surely(start > 1)
    return (
        pd.Series(True, offers.index, dtype=FLAG)
        .mask(_surely(~is_free) | later & pieces.isna(), pd.NA)
        .mask(_surely(~allowed), False)
        .mask(lists.isna(), is_free.where(_surely(~is_free)))
        .mask(later & _surely(start > pieces), False)
    )


def _recorded(folder: str, offers: pd.DataFrame) -> pd.DataFrame:
    """The list price on the last day on record before enrolment: its greatest and its least."""
    history = _read(folder, "price_history").merge(offers[["offer_id", "day"]].dropna(), on="offer_id")
    day = history["price_day"]
    history = history[(day <= history["day"]) & (day > history["day"] - pd.Timedelta(days=180))]
    last = history[history["price_day"] == history.groupby("offer_id")["price_day"].transform("max")]
    return last.groupby("offer_id")["price_on_day"].agg(most="max", least="min")


def _of_skus(folder: str) -> pd.DataFrame:
    skus = _read(folder, "skus")
    return _of_rows(skus["offer_id"], skus["sku_campaign_price"], skus["sku_list_price"])


def _of_tiers(folder: str, offers: pd.DataFrame) -> pd.DataFrame:
    """By the tier that the minimum order reaches, else the lowest."""
    tiers = _read(folder, "price_tiers").merge(offers[["offer_id", "moq"]], on="offer_id")
    of, start = tiers["offer_id"], tiers["tier_from"]
    reached = start.where(_surely(start <= tiers["moq"])).groupby(of).transform("max")
    tiers["unsure"] = (start.groupby(of).transform("size") > 1) & tiers["moq"].isna()
    tiers = tiers[start == reached.fillna(start.groupby(of).transform("min"))]
    made = _of_rows(tiers["offer_id"], tiers["tier_campaign_price"], tiers["tier_list_price"])
    unsure = tiers.groupby("offer_id")["unsure"].any()
    return made.assign(fails=made["fails"] & ~unsure, unsure=made["unsure"] | unsure)


def _of_rows(of: pd.Series, part: pd.Series, whole: pd.Series) -> pd.DataFrame:
    """Whether a campaign price of an offer's rows is too much, and whether that cannot be known."""
    over = (limits.PRICE[0] * part > limits.PRICE[1] * whole).where(_surely(whole > 0))
    each = pd.DataFrame(
        {"fails": _surely(over), "unsure": over.isna(), "some": _surely(part != 0), "told": part.notna()}
    )
    made = each.groupby(of).any()
    return pd.DataFrame({"fails": made["fails"], "unsure": made["unsure"] | made["told"] & ~made["some"]}).astype(FLAG)


def _good_shops(folder: str, given: Given, offers: pd.DataFrame) -> pd.DataFrame:
    """Whether all rules of merchants hold, and the shop's score, by merchant_id."""
    shops = _read(folder, "merchants").set_index("merchant_id")
    first = offers.groupby("merchant_id")["day"].min().reindex(shops.index)
    day = shops["day"] = first.fillna(pd.Timestamp(given.today))
    shops["user"] = _users(folder, shops, given.placeholders)
    faked = _faked(folder, shops).reindex(shops.index)
    points = _points(folder, given).reindex(shops.index)
    kind, opened = shops["trustpass_type"].astype(TEXT), shops["trustpass_open"]
    level, medal, entity = (shops[name].astype(TEXT) for name in ("trustpass_level", "trade_medal", "entity_type"))
    member_of = shops["member_types"]
    powerful = member_of.map({each: bool({*each.split("|")} & {*limits.POWERFUL}) for each in member_of.cat.categories})
    prohibited = shops["prohibited_info_points"]
    good = (
        ((level >= "L2") | powerful.astype(FLAG))
        & (shops["dispute_score"] >= limits.DISPUTE)
        & (medal != "无")
        & opened.fillna(kind != limits.NO_TRUSTPASS)
        & shops["alipay_bound"]
        & shops["alipay_verified"]
        & shops["buyer_protection"]
        & (shops["protection_deposit"] >= 3000)
        & _among(kind, limits.TRUSTPASS_TYPES)
        & (shops["trustpass_valid_to"] >= day)
        & (shops["trustpass_valid_from"] <= day).fillna(True)
        & _judged(faked["fails"], faked["unsure"])
        & _judged(*(shops["penalty_points"].fillna(points[end]) >= limits.POINTS for end in ("least", "most")))
        & _judged(*(prohibited.fillna(points[f"prohibited_{end}"]) >= limits.PROHIBITED for end in ("least", "most")))
        & (shops["severe_ip_count"] <= limits.SEVERE_IP)
        & (shops["compliance_violations"] <= limits.COMPLIANCE)
        & (shops["ip_points"] <= limits.IP_POINTS)
        & (~_among(entity, limits.COURT_APPLIES_TO) | ~shops["court_dishonest"])
        & ~shops["finance_overdue_severe"]
    )
    return shops[["shop_experience_score"]].assign(good=good)


def _users(folder: str, shops: pd.DataFrame, placeholders: list[str]) -> np.ndarray:
    """The same number for accounts that share identifiers, or of which one names the other."""
    nothing = {_plain(each) for each in placeholders}
    one, other = [], []
    for name in TIES:
        held = shops[name].reset_index(drop=True).replace("", pd.NA).dropna()
        count = held.groupby(held).transform("size")
        held = held[count.between(2, HUB) & ~held.str.contains("[*＊]{2}")]
        held = held[[_plain(each) not in nothing for each in held]]
        one.append(held.index)
        other.append(held.index.to_series().groupby(held).transform("first"))
    row = pd.Series(np.arange(len(shops)), shops.index)
    named = _read(folder, "links").apply(lambda ids: row.reindex(ids).to_numpy()).dropna()
    one, other = [*one, named["merchant_id"]], [*other, named["linked_id"]]
    return users(len(shops), np.concatenate(one).astype(int), np.concatenate(other).astype(int))


def _faked(folder: str, shops: pd.DataFrame) -> pd.DataFrame:
    """Severe fake trading by any account of the user in the months before enrolment."""
    penalties = _read(folder, "penalties")
    kind, severity, status = (penalties[f"penalty_{of}"].astype(TEXT) for of in ("kind", "severity", "status"))
    severe = (kind == "虚假交易") & _among(severity, ["严重", "特别严重"]) & (status != "已撤销")
    fakes = penalties[["merchant_id", "penalty_date"]].assign(severe=severe)[severe.fillna(True)]
    fakes = fakes.merge(shops[["user"]], left_on="merchant_id", right_index=True).drop(columns="merchant_id")
    fakes = fakes.merge(shops[["user", "day"]].reset_index(), on="user")
    begin = fakes["day"].astype("datetime64[us]") - pd.DateOffset(months=limits.FAKE_TRADING_MONTHS)
    counts = fakes["severe"] & (fakes["penalty_date"] > begin.astype(TIME)) & (fakes["penalty_date"] <= fakes["day"])
    found = pd.DataFrame({"fails": _surely(counts), "unsure": counts.isna()})
    return found.groupby(fakes["merchant_id"]).any().astype(FLAG)


def _points(folder: str, given: Given) -> pd.DataFrame:
    """On record this year, at the least and at the most."""
    penalties = _read(folder, "penalties")
    status, kind, date = (
        penalties["penalty_status"].astype(TEXT),
        penalties["penalty_kind"].astype(TEXT),
        "penalty_date",
    )
    begin, end = pd.Timestamp(given.today.replace(month=1, day=1)), pd.Timestamp(given.today)
    counts = (status != "已撤销") & (penalties[date] >= begin) & (penalties[date] <= end)
    prohibited = counts & (kind == "违禁信息")
    which = {"least": counts, "most": counts.fillna(True)}
    which |= {"prohibited_least": prohibited, "prohibited_most": prohibited.fillna(True)}
    each = {name: penalties["penalty_deduction"].where(_surely(held)) for name, held in which.items()}
    return pd.DataFrame(each).groupby(penalties["merchant_id"]).sum(min_count=1)


def _read(folder: str, table: str, columns: list[str] | None = None) -> pd.DataFrame:
    """A table in columns of Arrow: dictionaries as categories, days as instants to reckon with, wide numbers."""
    place = Path(folder, table)
    schemas = [pyarrow.parquet.read_schema(file) for file in sorted(place.glob("*.parquet"))]
    schema = pa.unify_schemas(schemas, promote_options="permissive")  # some may lack columns, or hold narrower numbers
    read = pyarrow.parquet.read_table(place, columns=columns, schema=schema)
    held = read.to_pandas(types_mapper=lambda type: None if pa.types.is_dictionary(type) else pd.ArrowDtype(type))
    kinds = {"date32[day]": TIME, "int8": COUNT, "int16": COUNT, "int32": COUNT}
    return held.astype({field.name: kinds[str(field.type)] for field in read.schema if str(field.type) in kinds})


def _day(time: pd.Series) -> pd.Series:
    return time.dt.tz_convert(SHANGHAI).dt.tz_localize(None).dt.normalize()


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _among(held: pd.Series, names: Collection[str]) -> pd.Series:
    return held.isin(names).astype(FLAG).where(held.notna())


def _surely(held: pd.Series) -> pd.Series:
    """Unknown is not so."""
    return held.fillna(False)


def _judged(fails: pd.Series, unsure: pd.Series) -> pd.Series:
    """What fails, else what is unknown, else what holds; of a subject without rows both are missing."""
    return pd.Series(True, fails.index, dtype=FLAG).mask(_surely(unsure), pd.NA).mask(_surely(fails), False)


if __name__ == "__main__":
    hold(sys.argv[1], verdicts, cube)
