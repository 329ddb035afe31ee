"""The answer first: who kept the rules, who did not, what nobody knows, and what to look at next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.monitor.monitoring import Monitoring

_MOST_DAYS = 5  # named in a line


def headline(monitoring: Monitoring, lang: str) -> str:
    """A few lines of plain text; see ``Monitoring.headline``."""
    lines = [answer(monitoring, lang), _counts(monitoring, "merchants", lang), source(monitoring, lang)]
    parts = (_missing, _worst, _waiting, _refused, _risk, _platform)
    return "\n".join([*lines, *(line for part in parts for line in part(monitoring, lang))])


def answer(monitoring: Monitoring, lang: str) -> str:
    """How many offers kept the rules."""
    return _counts(monitoring, "offers", lang)


def source(monitoring: Monitoring, lang: str) -> str:
    """Which rulebook, which days, and from when to when rules hold."""
    watch, book, days = monitoring.watch, monitoring.book, monitoring.days()
    end = say("monitor_end", lang, end=f"{watch.end:%Y-%m-%d}") if watch.end else say("monitor_no_end", lang)
    return say(
        "monitor_source", lang,
        book=book.header.label(lang, book.id), version=book.version,
        variant=f" ({book.variant})" if book.variant else "",
        observed=int(days["observed"].sum()), days=len(days), first=f"{days['day'].iloc[0]:%Y-%m-%d}",
        last=f"{days['day'].iloc[-1]:%Y-%m-%d}", zone=book.header.timezone, start=say(watch.start, lang), end=end,
    )  # fmt: skip


def _counts(monitoring: Monitoring, level: str, lang: str) -> str:
    clocks = monitoring.clocks("offers" if level == "offers" else "merchants")
    begun = clocks[clocks["days_held"] > 0]
    if level == "offers" and not len(begun):
        return say("monitor_answer_none", lang)
    counts = begun["standing"].value_counts()
    key = "monitor_answer" if level == "offers" else "monitor_merchants"
    return say(key, lang, held=len(begun), **{str(name): int(count) for name, count in counts.items()})


def _missing(monitoring: Monitoring, lang: str) -> Iterator[str]:
    days = monitoring.days()
    gone = [f"{day:%m-%d}" for day in days["day"][~days["observed"]]]
    if gone:
        named = say("list", lang).join(gone[:_MOST_DAYS])
        more = len(gone) - _MOST_DAYS
        told = say("monitor_more", lang, days=named, count=more) if more > 0 else named
        yield say("monitor_missing", lang, days=told)


def _worst(monitoring: Monitoring, lang: str) -> Iterator[str]:
    breaches = monitoring.breaches()
    blocks = breaches[breaches["severity"] == "block"]
    if len(blocks):
        rule = str(blocks["rule"].value_counts().index[0])
        held, mine = monitoring.book.rules[rule], blocks[blocks["rule"] == rule]
        yield say(
            "monitor_worst", lang, rule=held.label(lang, rule), clause=held.clause[0], count=len(mine),
            level=say(str(mine["level"].iloc[0]), lang).lower(), first=f"{mine['first_day'].min():%Y-%m-%d}",
        )  # fmt: skip


def _waiting(monitoring: Monitoring, lang: str) -> Iterator[str]:
    watch = monitoring.watch
    sent = watch.life.code("submitted")
    waiting = int(((watch.offers["state"] == sent) & ~watch.clocks["offers"].of["active"]).sum())
    if waiting:
        yield say("monitor_waiting", lang, count=waiting)


def _refused(monitoring: Monitoring, lang: str) -> Iterator[str]:
    refused = monitoring.refused_moves()
    if len(refused):
        yield say("monitor_refused", lang, count=len(refused), breach=int(refused["breach"].sum()))


def _risk(monitoring: Monitoring, lang: str) -> Iterator[str]:
    watch = monitoring.watch
    if watch.end is None or watch.last_day >= watch.last:
        return
    risks = monitoring.at_risk()
    if not len(risks):
        yield say("monitor_risk_none", lang)
        return
    first = risks.iloc[0]
    who = {level: int(risks[risks["level"] == level][key].nunique()) for level, key in _KEYS.items()}
    rule = monitoring.book.rules[first["rule"]].label(lang, first["rule"])
    yield say("monitor_risk", lang, **who, act_by=f"{first['act_by']:%Y-%m-%d}", rule=rule, clause=first["clause"])


def _platform(monitoring: Monitoring, lang: str) -> Iterator[str]:
    table = monitoring.platform()
    if not table["platform_decided"].sum():
        return
    ours = int(table.loc[table["verdict"] == "ineligible", "platform_approved"].sum())
    counts = {name: int(table[f"platform_{name}"].sum()) for name in ("approved", "rejected")}
    yield say("monitor_platform", lang, ours=ours, **counts)
    if ours:
        worst = monitoring.misread().iloc[0]
        rule = monitoring.book.rules[worst["rule"]].label(lang, worst["rule"])
        count, alone = int(worst["failing_approved"]), int(worst["alone"])
        yield say("monitor_misread", lang, rule=rule, clause=worst["clause"], count=count, alone=alone)


_KEYS = {"offers": "offer_id", "merchants": "merchant_id"}
