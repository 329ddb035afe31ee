"""What a market says of the rules themselves: those that never decide, that nobody can meet, that nobody misses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.blockers import Patterns, blocker_groups
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Level
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

COLUMNS = ("finding", "rules", "clauses", "level", "subjects", "zh", "en")


def rule_checks(assessment: Assessment) -> pd.DataFrame:
    """See ``Assessment.rule_checks``."""
    levels: tuple[Level, ...] = ("offers", "merchants")
    held = {level: assessment.patterns(level) for level in levels if assessment.market.tables[level].rows}
    rows = [
        _row(assessment, finding, rules, level)
        for level, patterns in held.items()
        for finding, rules in (
            *_contradictory(patterns, _own(assessment, patterns, level)),
            *_never_failing(assessment, patterns, _own(assessment, patterns, level)),
        )
    ]
    rows += [_row(assessment, "redundant", rules, level) for level, rules in _redundant(assessment, held)]
    order = {finding: place for place, finding in enumerate(("contradictory", "redundant", "never_fails"))}
    rows.sort(key=lambda row: order[str(row[0])])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({name: np.int64 if name == "subjects" else "str" for name in COLUMNS})


def _own(assessment: Assessment, patterns: Patterns, level: Level) -> list[str]:
    """The rules to be judged at a level: an offer rule once an offer, a merchant rule once a merchant."""
    return [
        rule for rule in assessment.blocking if rule in patterns.rule_fails and assessment.book.level(rule) == level
    ]


def _contradictory(patterns: Patterns, own: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Rules that every subject fails, and pairs (one of them of this level) of which every subject fails one."""
    impossible = {rule for rule, fails in patterns.rule_fails.items() if fails.all()}
    yield from (("contradictory", [rule]) for rule in own if rule in impossible)
    for pair in combinations((rule for rule in patterns.rule_fails if rule not in impossible), 2):
        if (pair[0] in own or pair[1] in own) and (patterns.rule_fails[pair[0]] | patterns.rule_fails[pair[1]]).all():
            yield "contradictory", pair


def _never_failing(
    assessment: Assessment, patterns: Patterns, own: Sequence[str]
) -> Iterator[tuple[str, Sequence[str]]]:
    for rule in own:
        if rule not in assessment.not_computed and not patterns.rule_fails[rule].any():
            yield "never_fails", [rule]


def _redundant(assessment: Assessment, held: Mapping[Level, Patterns]) -> Iterator[tuple[Level, Sequence[str]]]:
    """Groups that fail somewhere, and whose dropping changes no verdict of an offer nor of a merchant."""
    decisive = {group for patterns in held.values() for group in _deciding(patterns)}
    failing = {rule for patterns in held.values() for rule, fails in patterns.rule_fails.items() if fails.any()}
    for group, rules in blocker_groups(assessment, "offers").items():
        if group not in decisive and failing.intersection(rules):
            levels = {assessment.book.level(rule) for rule in rules}
            yield "offers" if "offers" in levels else "merchants", rules


def _deciding(patterns: Patterns) -> Iterator[str]:
    """Groups that alone fail, or with nothing failing are alone unknown, in some subject; ``follows`` is no matter."""

    def of_groups(outcomes: Mapping[str, Array]) -> Array:
        return np.array([np.logical_or.reduce([outcomes[rule] for rule in each]) for each in patterns.groups.values()])

    if not patterns.groups:
        return
    fails, unknown = of_groups(patterns.rule_fails), of_groups(patterns.rule_unknown)
    alone = (fails & (fails.sum(axis=0) == 1)) | (unknown & ~fails.any(axis=0) & (unknown.sum(axis=0) == 1))
    yield from (group for group, decides in zip(patterns.groups, alone.any(axis=1), strict=True) if decides)


def _row(assessment: Assessment, finding: str, rules: Sequence[str], level: Level) -> list[object]:
    subjects = assessment.market.tables[level].many
    clauses = dict.fromkeys(assessment.book.rules[rule].clause[0] for rule in rules)
    key = "contradictory_pair" if finding == "contradictory" and len(rules) == 2 else finding
    said = [_sentence(assessment, f"check_{key}_{level}", rules, subjects, lang) for lang in ("zh", "en")]
    return [finding, ";".join(rules), ";".join(clauses), level, subjects, *said]


def _sentence(assessment: Assessment, key: str, rules: Sequence[str], subjects: int, lang: str) -> str:
    names = [f"“{assessment.book.rules[rule].label(lang, rule)}”" for rule in rules]
    return say(key, lang, rules=say("list", lang).join(names), count=subjects)
