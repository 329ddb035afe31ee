"""``explain``: one subject's card, the verdict and what to do first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SPRING, Run

OFFER, MERCHANT = "610000000003", "b2b-2200010003"


def test_the_verdict_comes_first_then_what_to_do_then_every_rule(run: Run) -> None:
    said = run("explain", SPRING, "--offer", OFFER)
    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert lines[0] == f"Offer ID {OFFER} · Merchant ID b2b-2200010001 · Category 女装: ineligible"
    assert (
        lines[1]
        == "  → 二.3 In 1688 Select: switch on (Apply to 1688 Select first; its admission is reviewed and has a fee)"
    )
    assert any(line.startswith("✗ 二.3(1)") and "6.67 points short" in line for line in lines)
    assert "\x1b" not in said.out


def test_a_merchant_has_its_own_rules_alone(run: Run) -> None:
    said = run("explain", SPRING, "--merchant", MERCHANT, "--lang", "zh")
    assert said.out.startswith(f"商家ID {MERCHANT}: 不合格\n")
    assert "商品成长分达标" not in said.out


def test_for_machines_it_is_the_card_and_its_fixes(run: Run) -> None:
    told = json.loads(run("explain", SPRING, "--offer", OFFER, "--json").out)
    assert told["verdict"] == "ineligible"
    failing = {rule["rule"] for rule in told["rules"] if rule["outcome"] == "fail" and rule["severity"] == "block"}
    assert {fix["rule"] for fix in told["fixes"]} == failing
    assert told["changed"] == {}


def test_a_changed_threshold_counts_and_is_told(run: Run) -> None:
    said = run("explain", SPRING, "--offer", OFFER, "--set", "min_pickup_rate_48h=80%")
    assert any(line.startswith("✓ 二.3(1)") and "at least 80%" in line for line in said.out.splitlines())
    assert "Changed: min_pickup_rate_48h = 80%" in said.out


def test_the_card_can_be_a_page(run: Run, tmp_path: Path) -> None:
    said = run("explain", SPRING, "--offer", OFFER, "--html", "cards/card.html")
    assert said.out.splitlines()[-1] == "Written: cards/card.html"
    page = (tmp_path / "cards/card.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "6.67 points short" in page


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--offer", "610000000003x"], "no offer has offer_id '610000000003x'; did you mean '610000000003'?"),
        (["--merchant", "b2b-220001003"], "no merchant has merchant_id 'b2b-220001003'; did you mean"),
        (["--offer", OFFER, "--html", "card.pdf"], "card.pdf: expected a name that ends in .html"),
        (["--offer", OFFER, "--rulebook", "sprung_2024"], "did you mean 'spring_2024'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, tmp_path: Path, arguments: list[str], reason: str) -> None:
    said = run("explain", SPRING, *arguments)
    assert (said.code, said.out) == (1, "")
    assert reason in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["--offer", "1", "--merchant", "2"], ["--offer"]])
def test_one_subject_must_be_named(run: Run, arguments: list[str]) -> None:
    said = run("explain", SPRING, *arguments)
    assert said.code == 2
    assert said.err.startswith("usage: campaign-analytics explain")


@pytest.mark.parametrize("verb", ["explain", "blockers", "fixes", "report"])
def test_help_has_examples(run: Run, verb: str) -> None:
    said = run(verb, "--help")
    assert said.code == 0
    assert "examples:" in said.out
    assert f"campaign-analytics {verb} exports" in said.out
    assert "exit codes" in said.out
