"""What a market says of its rules, against dropping them and looking at them one by one."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings

from tests.assess.campaigns import LEVELS, Campaign, campaigns, market, records, run, verdicts


@settings(max_examples=60)
@given(campaign=campaigns())
def test_a_group_is_redundant_where_dropping_it_changes_no_verdict(campaign: Campaign) -> None:
    result = run(campaign)
    checks = result.rule_checks()
    said = {frozenset(rules.split(";")) for rules in checks.loc[checks["finding"] == "redundant", "rules"]}
    everything = {level: verdicts(result, level) for level in LEVELS}
    failing = {r for level in LEVELS for row in campaign.outcomes(level) for r, held in row.items() if held == "fail"}
    for group in {campaign.group(rule) for rule in campaign.groups}:
        rules = frozenset(rule for rule in campaign.groups if campaign.group(rule) == group)
        dropped = run(campaign, **dict.fromkeys(rules, "off"))
        same = everything == {level: verdicts(dropped, level) for level in LEVELS}
        assert (rules in said) == (same and bool(rules & failing)), group


@settings(max_examples=60)
@given(campaign=campaigns())
def test_contradictions_and_rules_that_never_fail_are_found_rule_by_rule(campaign: Campaign) -> None:
    checks = run(campaign).rule_checks()
    found = {(row["finding"], frozenset(str(row["rules"]).split(";"))) for row in records(checks)}
    by_level = {level: campaign.outcomes(level) for level in LEVELS}
    expected = set()
    for level, rows in by_level.items():
        own = [rule for rule in campaign.groups if rule[0] == level[0]]
        judged = [rule for rule in campaign.groups if level == "offers" or rule[0] == "m"]
        impossible = {rule for rule in judged if rows and all(row[rule] == "fail" for row in rows)}
        expected |= {("contradictory", frozenset((rule,))) for rule in impossible.intersection(own)}
        if rows:
            expected |= {("never_fails", frozenset((r,))) for r in own if all(row[r] != "fail" for row in rows)}
        for pair in combinations([rule for rule in judged if rule not in impossible], 2):
            if rows and set(pair) & set(own) and all("fail" in (row[pair[0]], row[pair[1]]) for row in rows):
                expected.add(("contradictory", frozenset(pair)))
    assert {each for each in found if each[0] != "redundant"} == expected


def test_a_finding_is_a_sentence_in_both_languages() -> None:
    result = market({"o0": False}, {"o1": False}, shops=({"m0": False},))
    checks = result.rule_checks().set_index("rules")
    pair = checks.loc["o0;o1"]
    assert (pair["finding"], pair["level"], pair["subjects"], pair["clauses"]) == ("contradictory", "offers", 2, "1")
    assert pair["en"] == "Nobody can pass both “o0”, “o1”: each of 2 offers fails one of them"
    assert pair["zh"] == "无商品可同时满足“o0”、“o1”：2 个商品均至少有一项未达标"
    assert checks.loc["m0", "en"] == "Nobody can pass “m0”: all 1 merchants fail it"
    assert "later" not in checks.index  # it is not computed, so it cannot be said never to fail
