"""Groups of overlapping rules as charts name them, and what each costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd

from campaign_analytics.charts.labels import listed, rule_names
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level

#: The mark of those who fail in one group alone.
SOLE: Final = "●"


@dataclass(frozen=True)
class Name:
    """A group by its first rule, and how many overlap with that."""

    clause: str
    text: str


@dataclass(frozen=True)
class Cost:
    """What one group costs a class of subjects, in the words of ``Assessment.blockers``."""

    fails: int
    sole: int
    charged: float
    charged_unknown: float
    admitted_certain: int


Costs: TypeAlias = dict[str, Cost]  # by group


def group_names(assessment: Assessment, lang: str, level: Level = "offers") -> dict[str, Name]:
    """Every group by id, in clause order: the first of its rules, and "+n" where n others overlap with it."""
    labels, book = rule_names(assessment, lang), assessment.book
    return {
        group: Name(
            book.rules[rules[0]].clause[0], labels[rules[0]] + (f" +{len(rules) - 1}" if len(rules) > 1 else "")
        )
        for group, rules in assessment.patterns(level).groups.items()
    }


def overlap_notes(assessment: Assessment, lang: str, level: Level = "offers") -> list[str]:
    """What "+n" stands for, where there is any."""
    labels = rule_names(assessment, lang)
    overlapping = [
        listed((labels[rule] for rule in rules), lang)
        for rules in assessment.patterns(level).groups.values()
        if len(rules) > 1
    ]
    return [say("overlapping", lang, groups=say("and", lang).join(overlapping))] if overlapping else []


def costs_of(table: pd.DataFrame) -> list[Cost]:
    """The rows of ``Assessment.blockers`` or of such a table."""
    columns = (table[field.name].tolist() for field in fields(Cost))
    return [Cost(*row) for row in zip(*columns, strict=True)]


def together(costs: Iterable[Cost]) -> Cost:
    """The same numbers of all of them."""
    held = list(costs)
    fails, sole, admitted = (sum(getattr(c, name) for c in held) for name in ("fails", "sole", "admitted_certain"))
    charged, unknown = (sum(getattr(c, name) for c in held) for name in ("charged", "charged_unknown"))
    return Cost(fails, sole, charged, unknown, admitted)


def costliest(costs: Mapping[str, Cost]) -> Sequence[str]:
    """The groups that cost anybody anything, those with the highest charges first."""
    some = [group for group, cost in costs.items() if cost.charged or cost.charged_unknown]
    return sorted(some, key=lambda group: (-round(costs[group].charged, 9), -round(costs[group].charged_unknown, 9)))
