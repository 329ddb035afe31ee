"""Random rulebooks of up to eight flags, overlapping and following one another, and small markets for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from campaign_analytics.assess import Assessment
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from tests.assess.trial import assessed

FLAGS = {"offers": ("o0", "o1", "o2", "o3", "o4"), "merchants": ("m0", "m1", "m2")}
RULES = [name for names in FLAGS.values() for name in names]
LEVELS: tuple[Level, ...] = ("offers", "merchants")
Outcomes = Mapping[str, str]  # of one subject, by rule

#: Eight flags, each a rule of its own, the last offer rule with a guard; and a rule that is not computed.
BOOK = load_rulebook(Path(__file__).with_name("flags.toml"))


@dataclass(frozen=True)
class Campaign:
    """Some of the rules, overlapping and following as drawn, and a market."""

    groups: Mapping[str, str]  # rule -> its group, or ""
    follows: Mapping[str, tuple[str, ...]]  # only rules drawn before it
    merchants: tuple[Mapping[str, Any], ...] = ()
    offers: tuple[Mapping[str, Any], ...] = ()

    @property
    def book(self) -> Rulebook:
        held = BOOK.document.rules
        rules = {
            name: held[name].model_copy(update={"group": group, "follows": self.follows[name]})
            for name, group in self.groups.items()
        }
        return replace(BOOK, document=BOOK.document.model_copy(update={"rules": rules}))

    def outcomes(self, level: Level) -> list[Outcomes]:
        """By subject: what each rule comes to."""
        shops = {f"m{i}": dict(row) for i, row in enumerate(self.merchants)}
        if level == "merchants":
            return [{name: _outcome(name, row) for name in self.groups if name[0] == "m"} for row in shops.values()]
        rows = [{**row, **shops.get(row["merchant_id"], {})} for row in self.offers]
        return [{name: _outcome(name, row) for name in self.groups} for row in rows]

    def group(self, rule: str) -> str:
        return self.groups[rule] or rule


def _outcome(rule: str, row: Mapping[str, Any]) -> str:
    held = {None: "unknown", True: "pass", False: "fail"}[row.get(rule)]
    if rule != "o4" or held == "pass" or row["applies"]:
        return held
    return "unknown" if row["applies"] is None else "pass"


FLAG = st.sampled_from([True, True, True, False, False, None])


@st.composite
def campaigns(draw: st.DrawFn, follows: bool = True) -> Campaign:
    rules = draw(st.permutations(RULES))[: draw(st.integers(1, 8))]
    groups = {rule: draw(st.sampled_from(["", "a", "b"] if i < 4 else ["a", "b"])) for i, rule in enumerate(rules)}
    order = {
        rule: tuple(draw(st.lists(st.sampled_from(rules[:i]), max_size=2, unique=True))) if follows and i else ()
        for i, rule in enumerate(rules)
    }
    shops = draw(st.lists(st.fixed_dictionaries(dict.fromkeys(FLAGS["merchants"], FLAG)), min_size=1, max_size=3))
    row = dict.fromkeys((*FLAGS["offers"], "applies"), FLAG) | {
        "aisle": st.sampled_from(["fruit", "tools", None]),
        "sold": st.none() | st.integers(0, 5),
        "merchant_id": st.sampled_from(["m0", "m1", "nobody"]),
    }
    return Campaign(groups, order, tuple(shops), tuple(draw(st.lists(st.fixed_dictionaries(row), max_size=9))))


def run(campaign: Campaign, **severities: str) -> Assessment:
    """Assess a campaign, some of its rules with another severity."""
    book = replace(campaign.book, severities=severities)
    return assessed(book, campaign.offers, campaign.merchants)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def verdicts(result: Assessment, level: Level) -> list[str]:
    frame = result.verdicts() if level == "offers" else result.merchants()
    return [str(verdict) for verdict in frame["verdict"]]


GOOD = dict.fromkeys((*FLAGS["offers"], "applies"), True)
GOOD_SHOP = dict.fromkeys(FLAGS["merchants"], True)


def market(*offers: Mapping[str, Any], shops: Sequence[Mapping[str, Any]] = ({},), book: Rulebook = BOOK) -> Assessment:
    return assessed(book, [{**GOOD, **offer} for offer in offers], [{**GOOD_SHOP, **shop} for shop in shops])
