"""Scorecards and benefits: three layers kept apart, our indices called assumptions wherever they are shown."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.scorecard import Scorecard
from campaign_analytics.charts.tables import table
from campaign_analytics.demo import demo_market
from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook
from tests.assess.trial import GOOD, GOOD_SHOP, assessed, first, trial

OFFERS = [
    GOOD | {"status": "live"},
    GOOD | {"stars": 3},
    GOOD | {"stars": None},
    GOOD | {"aisle": "fruit", "merchant_id": "m1", "stars": 4},
]
SHOPS = [GOOD_SHOP, GOOD_SHOP | {"bond": 750}]
ASSUMPTION = {"en": "assumption", "zh": "假设"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return trial(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def assessment(book: Rulebook) -> Assessment:
    return assessed(book, OFFERS, SHOPS)


def cards(assessment: Assessment, lang: str) -> list[Scorecard]:
    return [assessment.merchant_scorecard("m0", lang), assessment.category_scorecard("toys", lang)]


# ---- what stands on them


def test_a_merchants_card_holds_verdicts_platform_scores_and_indices_apart(assessment: Assessment) -> None:
    card = assessment.merchant_scorecard("m0").to_dict()
    assert list(card) == ["subject", "gate", "platform_scores", "indices", "benefits", "notes"]
    assert card["gate"]["verdict"] == "pre_qualified"
    assert card["gate"]["offers"] == {"pre_qualified": 1, "ineligible": 1, "undetermined": 1}
    assert card["gate"]["enrolled"] == 1
    assert card["platform_scores"]["stars"] == {"known": 2, "of": 3, "lowest": "3.0", "middle": "3.0", "highest": "5.0"}
    assert card["platform_scores"]["bond"] == "9000"
    indices = card["indices"]
    assert (indices["readiness"], indices["coverage"], indices["participation"]) == ([100, 100], 1, 0.5)
    assert indices["rank"] == {"rank": 1, "of": 2, "tied": 0}
    assert indices["headroom"] == pytest.approx((9000 - 1000) / 500)


def test_a_merchant_that_fails_is_told_what_it_needs(assessment: Assessment) -> None:
    gate = assessment.merchant_scorecard("m1").to_dict()["gate"]
    assert gate["verdict"] == "ineligible"
    (told,) = gate["needs"]
    assert told.startswith("Bond: Bond is 7.5")


def test_a_merchants_card_names_no_other_merchant_and_none_of_its_offers(assessment: Assessment) -> None:
    card = assessment.merchant_scorecard("m1")
    for told in (card.text, card._repr_html_(), json.dumps(card.to_dict(), default=str)):
        assert not any(id in told for id in ("m0", "o0", "o1", "o2"))


def test_a_categorys_card_counts_its_offers_and_names_what_blocks_them_and_who_is_nearest(
    assessment: Assessment,
) -> None:
    card = assessment.category_scorecard("toys").to_dict()
    assert card["gate"]["offers"] == {"pre_qualified": 1, "ineligible": 1, "undetermined": 1}
    assert card["gate"]["merchants"] == 1
    assert card["gate"]["blocked_by"] == [{"group": "stars", "fails": 1, "sole": 1}]
    assert card["indices"]["taking_part"] == {"offers": 1, "merchants": 1}
    assert card["indices"]["nearest"] == ["o2", "o1"]
    assert card["indices"]["readiness_offers"]["highest"] == 100


def test_offers_without_a_category_have_a_card_too(book: Rulebook) -> None:
    card = assessed(book, [GOOD | {"aisle": None}], SHOPS).category_scorecard("")
    assert card.title == "Aisle (no name)"


def test_a_merchant_without_offers_has_a_card(book: Rulebook) -> None:
    card = assessed(book, [GOOD], SHOPS).merchant_scorecard("m1")
    assert card.to_dict()["indices"]["readiness_offers"] is None


@pytest.mark.parametrize("name", ["spring_2024", "daily_deals"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_the_shipped_rulebooks_have_cards_in_both_languages(name: str, lang: str) -> None:
    market = demo_market(200, seed=2, profile="wholesale" if name == "spring_2024" else name)
    held = assess(market, load_rulebook(name))
    row = first(held.verdicts())
    for card in (
        held.merchant_scorecard(row["merchant_id"], lang),
        held.category_scorecard(row[held.book.header.category], lang),
    ):
        assert ASSUMPTION[lang] in card.text
        assert "nan" not in card.text.lower()
        assert "None" not in card.text


# ---- assumptions are called so


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_rendering_of_an_index_says_assumption(assessment: Assessment, lang: str) -> None:
    word = ASSUMPTION[lang]
    for card in cards(assessment, lang):
        section = next(section for section in card.sections if section.key == "indices")
        assert word in section.heading
        assert word in section.assumption.lower()
        assert word in card.to_dict()["indices"]["assumption"].lower()
        for told in (card.text, card._repr_html_()):
            after = told.split(section.heading.split("（")[0].split(" (")[0])[1].lower()
            assert word in after
    assert word in assessment.scoring_notes(lang).lower()
    scores = assessment.scores()
    titles = dict(zip(scores.columns, table(scores, assessment.book, lang).titles(), strict=True))
    for index in ("readiness_low", "readiness_high", "coverage", "headroom", "lead_days", "rank", "tied"):
        assert word in titles[index]
    merchants = assessment.scores("merchants")
    titles = dict(zip(merchants.columns, table(merchants, assessment.book, lang).titles(), strict=True))
    assert word in titles["participation"]
    frame = assessment.benefits(lang=lang)
    assert word in frame.attrs["assumption"].lower()
    assert word in frame.attrs["note"].lower()


def test_no_index_changes_a_verdict(assessment: Assessment, book: Rulebook) -> None:
    weightless = trial(Path(book.path).parent, {"weight = 2": "weight = 0", "weight = 4": "weight = 9"})
    now, then = assessment.verdicts(), assessed(weightless, OFFERS, SHOPS).verdicts()
    assert now.equals(then)


def test_the_notes_give_weights_credits_scales_and_the_order(assessment: Assessment) -> None:
    notes = assessment.scoring_notes()
    for told in ("Stars 2", "Price＝Late 3", "Bond＝Insured 4", "0.9", "Store ×4", "Price share 5 points",
                 "Grade 2 steps", "Bond 5 CNY", "ln(1 + 3)", "Verdict → Readiness, low"):  # fmt: skip
        assert told in notes


# ---- shown, never executed


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") or name == "src" for name, _ in attrs)


def test_markup_in_a_name_is_shown_and_never_executed(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    book = trial(tmp_path, {'"tools"': '"<img src=x onerror=y>"', 'en = "Fame"': f'en = "{evil}"'})
    offers = [GOOD | {"merchant_id": evil, "aisle": "<img src=x onerror=y>", "offer_id": "<b onclick=z>", "stars": 3}]
    held = assessed(book, offers, [GOOD_SHOP | {"merchant_id": evil}])
    for card in (held.merchant_scorecard(evil), held.category_scorecard("<img src=x onerror=y>")):
        tags = Tags()
        tags.feed(card._repr_html_())
        assert not {"script", "img"} & set(tags.seen)
        assert evil in card.text


def test_a_card_leaves_all_colours_to_the_page(assessment: Assessment) -> None:
    for card in cards(assessment, "en"):
        assert "color" not in card._repr_html_().replace("color:inherit", "")


def test_an_unknown_merchant_or_category_is_refused_with_the_closest_one(assessment: Assessment) -> None:
    with pytest.raises(CampaignError, match="did you mean 'm0'"):
        assessment.merchant_scorecard("m00")
    with pytest.raises(
        CampaignError, match=r"no offer has aisle 'toy'; did you mean 'toys'\?; there are 'fruit', 'toys'"
    ):
        assessment.category_scorecard("toy")


# ---- benefits


@pytest.fixture(scope="module")
def generous(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    """Two benefits more: one for every offer, one for offers with another price."""
    more = '8 = { kind = "benefit", grade = "due", zh = "标", en = "Badge" }\n9 = { kind = "benefit", '
    more += 'level = "offer", grade = "discretionary", when = "extra < price", zh = "券", en = "Coupon" }\n\n[scoring]'
    book = trial(tmp_path_factory.mktemp("more"), {'"6", "7"]': '"6", "7", "8", "9"]', "[scoring]": more})
    offers: list[dict[str, Any]] = [
        GOOD | {"extra": 40},
        GOOD | {"extra": 60},
        GOOD,
        GOOD | {"stars": 3, "extra": 40},
        GOOD | {"stars": None, "extra": 40},
        GOOD | {"merchant_id": "m1", "extra": 40},
    ]
    return assessed(book, offers, SHOPS)


def counts(assessment: Assessment, clause: str, **whose: str) -> tuple[int, int, int]:
    frame = assessment.benefits(**whose)
    row = first(frame[frame["clause"] == clause])
    return row["entitled"], row["open"], row["not_yet"]


def test_an_offer_is_entitled_when_it_is_pre_qualified_and_the_benefits_own_condition_holds(
    generous: Assessment,
) -> None:
    assert counts(generous, "8") == (3, 1, 2)
    assert counts(generous, "9") == (1, 2, 3)  # 60 is not below 50; one has no other price; one no stars
    assert counts(generous, "9", merchant_id="m1") == (0, 0, 1)
    assert counts(generous, "9", offer_id="o0") == (1, 0, 0)
    assert counts(generous, "9", offer_id="o2") == (0, 1, 0)


def test_a_merchant_takes_part_through_its_offers(generous: Assessment, book: Rulebook) -> None:
    assert counts(generous, "7") == (1, 0, 1)
    idle = assessed(book, [GOOD | {"stars": 3}, GOOD | {"merchant_id": "m1", "stars": None}], [GOOD_SHOP, GOOD_SHOP])
    assert counts(idle, "7") == (0, 1, 1)


def test_what_the_next_one_needs_is_told(generous: Assessment) -> None:
    told = generous.benefits().set_index("clause")["next"]
    assert told["7"].startswith("m1 is next; it needs: Bond: Bond is 7.5")
    assert told["8"] == "o4 is next; it needs: Stars: Stars is missing"
    assert told["9"].startswith("o1 is next; it needs: Extra price is ")
    assert generous.benefits("o0").set_index("clause")["next"]["8"] == ""


def test_a_benefit_is_graded_in_words_and_never_in_money(generous: Assessment) -> None:
    frame = generous.benefits()
    assert list(frame["grade"]) == ["stated, amount unknown", "due if approved", "at the platform's discretion"]
    assert list(generous.benefits(lang="zh")["grade"]) == ["已写明，数额未知", "审核通过即得", "由平台酌定"]
    assert "approval" in frame.attrs["note"]


def test_benefits_are_those_of_one_subject_or_of_all(generous: Assessment) -> None:
    with pytest.raises(ValueError, match="either offer_id or merchant_id"):
        generous.benefits("o0", merchant_id="m0")
    with pytest.raises(CampaignError, match="no offer has offer_id 'x'"):
        generous.benefits("x")
