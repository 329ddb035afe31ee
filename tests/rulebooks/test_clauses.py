"""The spring notice is accounted for, clause by clause, exactly once and as what it is."""

from __future__ import annotations

import pytest

from campaign_analytics import assess, demo_market, load_rulebook
from campaign_analytics.derive import BUILT
from campaign_analytics.errors import RulebookWarning
from campaign_analytics.rulebook.book import Rulebook

#: Every clause of the notice, in its order: id, kind, and whom it is about.
CLAUSES = """
一           information
二.1         rule         offer
二.2         definition
二.3         rule         offer
二.3(1)      rule         offer
二.3(2)      rule         offer
二.3(3)      rule         merchant
二.3 entry   policy
二.4         process
三.1 moq     rule         offer
三.1 freight rule         offer
三.2         rule         offer
三.3         rule         offer
三.4         rule         merchant
四.1         rule         merchant
四.2         rule         merchant
四.3         rule         merchant
四.4         rule         merchant
四.5         rule         merchant
四.6         rule         merchant
四.7         rule         merchant
四.8         rule         merchant
四.9a        rule         merchant
四.9b        rule         merchant
四.10        judged       merchant
四.11        rule         merchant
四.12        rule         merchant
四.13        rule         merchant
四.14        rule         merchant
四.15        rule         merchant
五.1         rule         offer
五.2         rule         offer
五.3         benefit      merchant
六.1         benefit      offer
六.2         benefit      offer
六.3         benefit      offer
六.4         benefit      offer
六.5         benefit      offer
六.6         benefit      offer
六.7         benefit      offer
六.8         benefit      offer
七.1         definition   merchant
七.2         definition   offer
七.3         definition
备注1        information  offer
备注2        process
备注3a       judged       merchant
备注3b       process
备注4        process
备注5        definition
备注6        rule         offer
备注7        information
备注8        process
"""
KINDS = ("information", "rule", "definition", "policy", "process", "benefit", "judged")


def _read(line: str) -> tuple[str, str, str]:
    words = line.split()
    place = next(i for i, word in enumerate(words) if word in KINDS)
    return " ".join(words[:place]), words[place], " ".join(words[place + 1 :])


NOTICE = {id: (kind, level) for id, kind, level in map(_read, CLAUSES.strip().splitlines())}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with pytest.warns(RulebookWarning, match="misprint"):
        return load_rulebook("spring_2024")


def test_every_clause_is_listed_once_in_the_notice_s_order(book: Rulebook) -> None:
    assert list(book.header.clauses) == list(NOTICE)


def test_a_clause_that_is_no_rule_has_one_entry_of_its_kind_and_level(book: Rulebook) -> None:
    entries = {id: (entry.kind, entry.level) for id, entry in book.document.clauses.items()}
    assert entries == {id: (kind, level) for id, (kind, level) in NOTICE.items() if kind != "rule"}


def test_a_clause_that_is_a_rule_has_rules_and_no_entry(book: Rulebook) -> None:
    ruled = {clause for rule in book.rules.values() for clause in rule.clause}
    assert ruled >= {id for id, (kind, _) in NOTICE.items() if kind == "rule"}


def test_a_rule_blocks_unless_the_notice_speaks_of_penalties_alone(book: Rulebook) -> None:
    blocking = {
        clause for name in book.active if book.rules[name].severity == "block" for clause in book.rules[name].clause
    }
    assert {id for id, (kind, _) in NOTICE.items() if kind == "rule"} - blocking == {"备注6"}


def test_rules_are_of_their_clause_s_level(book: Rulebook) -> None:
    levels = {"offers": "offer", "merchants": "merchant"}
    blocking = {name: rule for name, rule in book.rules.items() if rule.severity == "block" and name in book.active}
    wrong = {n: r.clause for n, r in blocking.items() if {levels[book.level(n)]} != {NOTICE[c][1] for c in r.clause}}
    assert wrong == {}


def test_every_rule_and_every_column_that_a_clause_names_is_computed(book: Rulebook) -> None:
    awake = book.switch({name: "warn" for name, rule in book.rules.items() if rule.severity == "off"})
    assert assess(demo_market(100), awake).not_computed == ()
    assert {column.make for column in book.derived.values()} <= BUILT.keys()


def test_rules_beside_an_entry_do_not_block(book: Rulebook) -> None:
    beside = [name for name, rule in book.rules.items() if set(rule.clause) & book.document.clauses.keys()]
    assert {name for name in beside if name in book.active and book.rules[name].severity == "block"} == set()


def test_the_corrected_year_silences_the_warning() -> None:
    corrected = load_rulebook("spring_2024", variant="corrected")
    assert corrected.warnings == ()
    assert str(corrected.values["enrol_from"]) == "2024-02-23 00:00:00+08:00"


def test_defaults_of_ours_are_marked(book: Rulebook) -> None:
    assumed = {name for name, parameter in book.parameters.items() if parameter.assumed}
    assert {"moq_unit_policy", "freight_conflict", "max_link_depth", "count_appealed", "court_applies_to"} <= assumed
    assert not assumed & {"min_pickup_rate_48h", "min_growth_score", "max_moq", "max_price_ratio", "min_deposit"}
