"""Repairs grouped by cause: what is done once and lets many subjects in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.market.schema import Array
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.near_misses import NearMisses

_CAUSES = ["merchant_id", "group", "rules", "clause", "what", "fix", "lead_days"]


def causes(near: NearMisses, fixes: pd.DataFrame, lang: str) -> pd.DataFrame:
    """See ``NearMisses.causes``; ``fixes`` has a column ``place``."""
    fixes = fixes[(fixes["alternative_to"] == "") & (fixes["follows"] == "")].reset_index(drop=True)
    level = near.level
    if fixes.empty:
        counts = [level, "unlocks", "unlocks_if_unknown_passes"]
        return pd.DataFrame(
            {
                name: pd.Series(dtype="int64" if name in (*counts, "lead_days") else "str")
                for name in [*_CAUSES, *counts]
            }
        )
    cause = _cause_codes(near, fixes)
    fixes["cause"] = cause
    pairs = fixes[["cause", "place"]].drop_duplicates()
    of = near.patterns.of[near.rows[pairs["place"].to_numpy()]]
    alone = np.bincount(pairs["place"])[pairs["place"]] == 1
    sure = ~near.patterns.open[of].any(axis=1)
    many = int(cause.max()) + 1
    first = fixes.drop_duplicates(["cause", "rule", "column", "action", "to", "names"])
    first = first.assign(what=in_words(first, lang))
    grouped = first.groupby("cause", sort=True)
    frame = pd.DataFrame(
        {
            "merchant_id": grouped["merchant_id"].first(),
            "group": grouped["group"].first(),
            "rules": _once(first, "rule", ";", many),
            "clause": grouped["clause"].first(),
            "what": _once(first, "what", say("and", lang), many),
            "fix": _once(first, "fix", say("and", lang), many),
            "lead_days": grouped["lead_days"].max(),
        }
    )
    pair_cause = pairs["cause"].to_numpy()
    frame[level] = np.bincount(pair_cause, minlength=many)
    frame["unlocks"] = np.bincount(pair_cause[alone & sure], minlength=many)
    frame["unlocks_if_unknown_passes"] = np.bincount(pair_cause[alone & ~sure], minlength=many)
    keys = ["unlocks", "unlocks_if_unknown_passes", level]
    return frame.sort_values(keys, ascending=False, kind="stable", ignore_index=True)


def _cause_codes(near: NearMisses, fixes: pd.DataFrame) -> Array:
    """(repairs,) a number for each cause; repairs of one subject and group share it."""
    book = near.assessment.book
    merchants = {rule for rule in set(fixes["rule"]) if book.level(rule) == "merchants"}
    ours = {name for name in set(fixes["column"]) if name and book.table_of(name) == "merchants"}
    shared = fixes["rule"].isin(merchants).to_numpy() | fixes["column"].isin(ours).to_numpy()
    sets = fixes["action"].isin(["add", "remove"]).to_numpy()
    place, group = fixes["place"].to_numpy(), pd.factorize(fixes["group"])[0]
    members = np.where(sets & ~shared, pd.factorize(fixes["names"])[0] + 1, 0)
    own = np.where(shared | sets, 0, place + 1)
    pair, _ = pd.factorize(place * (int(group.max()) + 1) + group)
    signature = np.zeros((2, int(pair.max()) + 1), np.int64)
    np.maximum.at(signature[0], pair, own)
    np.maximum.at(signature[1], pair, members)
    merchant = pd.factorize(fixes["merchant_id"], use_na_sentinel=False)[0]
    keys = pd.DataFrame({"m": merchant, "g": group, "own": signature[0][pair], "set": signature[1][pair]})
    codes: Array = keys.groupby(["m", "g", "own", "set"], sort=False).ngroup().to_numpy()
    return codes


def in_words(fixes: pd.DataFrame, lang: str) -> Any:
    """Each repair of a table of ``fixes`` in words (a pandas ``str`` array), each told once."""
    columns = ["action", "label", "now", "to", "names", "by", "unit"]
    codes = fixes.groupby(columns, sort=False, dropna=False).ngroup().to_numpy()
    distinct = fixes[columns].drop_duplicates().to_dict("records")
    return pd.Series([_told(each, lang) for each in distinct], dtype="str").array.take(codes)


def _told(fix: dict[Any, Any], lang: str) -> str:
    listed = (fix["names"] or fix["to"]).replace(";", say("list", lang))
    count = 0 if np.isnan(fix["by"]) else fix["by"]
    aim = fix["to"] or say("known_value", lang)
    what, now, unit = fix["label"], fix["now"], fix["unit"]
    return say(f"do_{fix['action']}", lang, what=what, now=now, to=aim, names=listed, count=count, unit=unit)


def _once(first: pd.DataFrame, column: str, between: str, many: int) -> Any:
    """The distinct texts of a column, joined, for each cause."""
    held = first[first[column] != ""].drop_duplicates(["cause", column])
    single = ~held["cause"].duplicated(keep=False)
    texts = held[single].set_index("cause")[column]
    several = held[~single].groupby("cause")[column].agg(between.join)
    return pd.concat([texts, several]).reindex(range(many), fill_value="").astype("str")
