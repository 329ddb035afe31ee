"""What a card tells of what comes after the gate: tiers, and places in quotas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.assess import trial
from tests.assess.hall import assessed
from tests.assess.test_quotas import SHOPS, WIDE

ROWS: list[dict[str, Any]] = [{"sold": 5, "stars": 2}, {"sold": 9, "stars": 3}, {"sold": 7}, {"sold": 4}]


def test_an_offer_s_card_tells_its_place_and_who_is_over() -> None:
    """Two places a shop, the best sold first; the grade asks for stars."""
    result = assessed(ROWS, SHOPS, share="0%", **WIDE | {"places": 2})
    over, inside = result.explain("o0"), result.explain("o1")
    assert "Of a shop: place 3, places: 2; over quota" in str(over).splitlines()
    assert "Of a shop: place 1, places: 2; within quota" in str(inside).splitlines()
    assert "每店: 第 3 名，名额 2；超出名额" in str(over.in_language("zh"))
    assert "Grades: one" in str(over)
    assert "place 3" in over._repr_html_()
    assert [each["text"] for each in over.to_dict()["after_the_gate"] if each["key"] == "shop"] == [
        "place 3, places: 2; over quota"
    ]
    assert "Of an aisle" not in str(over)  # over the first quota it comes to no other


def test_what_is_not_known_is_told_as_a_range() -> None:
    result = assessed([{"stars": None}, {"stars": 2}], [{"merchant_id": "ann", "extra": None}], share="0%", **WIDE)
    assert "Of a shop: place 1 to 2, places: not known; quota cannot be told" in str(result.explain("o0")).splitlines()


def test_only_who_passes_the_gate_has_a_place_and_a_tier() -> None:
    card = assessed([{"sold": 0, "aisle": "tools"}], SHOPS).explain("o0")
    assert card.verdict == "ineligible"
    assert [each["key"] for each in card.to_dict()["after_the_gate"]] == ["grades"]
    assert "Grades: nothing" in str(card)


def test_a_merchant_s_card_tells_its_tier_what_it_lacks_and_how_many_are_over() -> None:
    result = assessed(ROWS, [{"merchant_id": "ann", "trust": 4, "extra": 0}], share="0%", **WIDE | {"places": 2})
    told = str(result.explain(merchant_id="ann"))
    assert "Rungs: mid; Fails for the next tier is Trusted" in told
    assert "Over quota: 2 of the pre-qualified offers; of 0 it cannot be told" in told


def test_a_rulebook_without_either_has_nothing_to_tell(tmp_path: Path) -> None:
    assert trial.assessed(trial.trial(tmp_path), [trial.GOOD]).explain("o0").after == ()
