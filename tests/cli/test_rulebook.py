"""``rulebook show`` and ``rulebook check``."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

import campaign_analytics as ca
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import shipped_rulebooks
from tests.cli.conftest import Run


def _quietly(name: str) -> Rulebook:
    with warnings.catch_warnings(action="ignore", category=ca.RulebookWarning):
        return ca.load_rulebook(name)


@pytest.mark.parametrize("name", shipped_rulebooks())
@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_show_for_machines_holds_every_clause_rule_and_parameter(run: Run, name: str) -> None:
    book = ca.load_rulebook(name)
    shown = json.loads(run("rulebook", "show", name, "--json").out)
    assert [clause["id"] for clause in shown["clauses"]] == list(book.header.clauses)
    assert {rule["id"]: rule["condition"] for rule in shown["rules"]} == {
        rule: held.condition for rule, held in book.rules.items()
    }
    assert all(rule["level"] in ("offers", "merchants") and rule["clause"] for rule in shown["rules"])
    assert [parameter["id"] for parameter in shown["parameters"]] == list(book.parameters)


@pytest.mark.parametrize("name", shipped_rulebooks())
@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_a_shown_value_can_be_set_again(run: Run, name: str) -> None:
    book = ca.load_rulebook(name)
    for parameter in json.loads(run("rulebook", "show", name, "--json").out)["parameters"]:
        if not isinstance(parameter["value"], dict):
            again = book.set({parameter["id"]: parameter["value"]})
            assert again.values == book.values


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_show_for_people_has_three_tables(run: Run, lang: str) -> None:
    lines = run("rulebook", "show", "--lang", lang).out.splitlines()
    assert {"Clauses", "Rules", "Parameters"} <= set(lines)
    assert any("select_pickup" in line and "pickup_rate_48h >= :min_pickup_rate_48h" in line for line in lines)
    assert any(line.startswith("二.3(1)") and "min_pickup_rate_48h" in line and "90%" in line for line in lines)


@pytest.mark.parametrize("name", shipped_rulebooks())
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_show_for_people_names_every_clause_and_what_stands_for_it(run: Run, name: str, lang: str) -> None:
    said = run("rulebook", "show", name, "--lang", lang)
    assert (said.code, said.err) == (0, "")
    lines = said.out.split("\n\nClauses\n")[1].split("\n\n")[0].splitlines()
    assert [line.split("  ")[0] for line in lines] == list(_quietly(name).header.clauses)
    assert all(len(line.split()) > 2 for line in lines)  # no clause without a kind and a text


def test_a_clause_that_only_sets_a_quota_says_so(run: Run) -> None:
    """It once ended in a KeyError: the clause has no rule and no entry of its own."""
    clauses = json.loads(run("rulebook", "show", "daily_deals", "--json").out)["clauses"]
    assert {"id": "E1", "kind": "quota", "rules": [], "zh": "每店名额", "en": "Places of a shop"} in clauses
    assert any(
        line.split() == ["E1", "quota", "Places", "of", "a", "shop"]
        for line in run("rulebook", "show", "daily_deals").out.splitlines()
    )


def test_check_passes_a_sound_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[rulebook]\nid = "mine"\nversion = "1"\neffective = 2024-01-01\nclauses = ["1"]\nen = "Mine"\nzh = "我的"\n'
        '[rules.named]\nclause = "1"\ncondition = "category IS NOT NULL"\nen = "Named"\nzh = "有类目"\n',
        "utf-8",
    )
    said = run("rulebook", "check", file)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{file}: no fault; 1 rules, 0 parameters\n"


def test_check_names_every_fault_with_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[rulebook]\nid = "mine"\nversion = "1"\neffective = 2024-01-01\nclauses = ["1"]\n'
        '[rules.one]\nclause = "1"\ncondition = "categori IS NOT NULL"\n'
        '[rules.two]\nclause = "1"\ncondition = "category / 2 = 1"\n',
        "utf-8",
    )
    said = run("rulebook", "check", file)
    assert said.code == 1
    assert "mine.toml:8: rules.one.condition: unknown column 'categori'; did you mean 'category'?" in said.err
    assert "mine.toml:11: rules.two.condition: " in said.err


def test_a_file_that_is_not_there_is_refused(run: Run) -> None:
    said = run("rulebook", "check", "nowhere.toml")
    assert said.code == 1
    assert "nowhere.toml: cannot be read (No such file or directory)" in said.err


def test_show_tells_when_a_rule_is_asked_and_what_comes_after_the_gate(run: Run) -> None:
    """A rule to stay or of a ladder is in force, though the gate does not ask it."""
    lines = run("rulebook", "show", "daily_deals").out.splitlines()
    stay, reply, enter = (
        next(line for line in lines if f"  {rule}  " in line and "  merchants  " in line)
        for rule in ("score_to_stay", "tier_replies", "score_to_enter")
    )
    assert "  block, to stay  " in stay
    assert "  block, deal_tiers  " in reply
    assert "  block, to enter  " in enter
    assert not any("dormant" in line for line in lines)
    after = "\n".join(lines).split("\n\nTiers and quotas\n")[1].split("\n\n")[0].splitlines()
    assert [line.split()[:2] for line in after] == [["D1", "deal_tiers"], ["E1", "shop"], ["E2", "venue"]]
    assert after[0].endswith("bronze < silver < gold")
    assert after[1].endswith(":base_places + extra_places per merchant_id, by sold_30d DESC, offer_id")


def test_show_calls_dormant_what_nobody_asks(run: Run) -> None:
    lines = run("rulebook", "show", "spring_2024").out.splitlines()
    dormant = {line.split("(dormant)")[0].split()[-3] for line in lines if "block (dormant)" in line}
    assert dormant == {"competitiveness", "stock_level"}
    assert any("falsification" in line and "block, to stay" in line for line in lines)
    assert "Tiers and quotas" not in lines


def test_show_for_machines_tells_tiers_and_quotas(run: Run) -> None:
    shown = json.loads(run("rulebook", "show", "daily_deals", "--json").out)
    assert [(each["id"], each["tiers"]) for each in shown["ladders"]] == [("deal_tiers", ["bronze", "silver", "gold"])]
    assert [(each["id"], each["per"], each["in_force"]) for each in shown["quotas"]] == [
        ("shop", "merchant_id", True),
        ("venue", "department", True),
    ]
    assert {rule["id"] for rule in shown["rules"] if not rule["in_force"]} == set()
