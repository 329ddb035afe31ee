"""What is sent to a merchant: all that concerns it, and nothing of any other merchant."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.cli import main
from campaign_analytics.report.merchant import merchant_report
from campaign_analytics.report.write import write_card, write_fixes, write_merchant
from tests.assess.hall import assessed
from tests.report.conftest import SPRING, Read


@pytest.fixture(scope="module")
def chosen(spring: ca.Assessment) -> list[str]:
    """Merchants with links to others, two that fail over a linked account's record, and one that fails itself."""
    links = spring.market.tables["links"].cells
    linked = [str(id) for id in links["merchant_id"].values]
    users = spring.links().accounts()
    over_links = (users["steps_away"] > 0) & (users["outcome"] == "fail")
    tied: list[str] = users["merchant_id"][over_links].tolist()
    assert all("a record of b2b-" in str(spring.explain(merchant_id=id)) for id in tied)
    failing = spring.merchants("ineligible")["merchant_id"].tolist()
    return [linked[0], tied[0], tied[-1], linked[-1], failing[0]]


def _identifiers(spring: ca.Assessment) -> pd.DataFrame:
    """merchant_id -> every free text of a merchant's row that may tell who it is: ids, logins, accounts, numbers."""
    cells = spring.market.merchants.cells
    texts = {name: held.to_pandas() for name, held in cells.items() if held.type == "text" and not held.names}
    assert len(texts) >= 4
    return pd.DataFrame(texts)


def _texts(spring: ca.Assessment, id: str, lang: str, folder: Path) -> dict[str, str]:
    """Everything that can be exported for a merchant, as text."""
    told = merchant_report(spring, id, lang)
    write_merchant(told, folder / "it.xlsx")
    card = spring.explain(merchant_id=id, lang=lang)
    write_card(card, folder / "card.html")
    write_fixes(spring.near_misses(), folder / "fixes.xlsx", lang, id)
    held = {
        "page": told.html(),
        "card": str(card.to_send()),
        "card as a page": (folder / "card.html").read_text("utf-8"),
        "card as json": json.dumps(card.to_send().to_dict(), ensure_ascii=False),
        "scorecard": str(spring.merchant_scorecard(id, lang)),
        "fixes": spring.fixes(merchant_id=id, lang=lang).to_csv(),
    }
    for name in ("it.xlsx", "fixes.xlsx"):
        with zipfile.ZipFile(folder / name) as workbook:
            held[name] = "".join(workbook.read(part).decode("utf-8") for part in workbook.namelist())
    return held


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_identifier_and_no_link_of_another_merchant_is_in_it(
    spring: ca.Assessment, chosen: list[str], tmp_path: Path, lang: str
) -> None:
    everyone = _identifiers(spring)
    links = spring.market.tables["links"].cells
    partners = set(map(str, links["linked_id"].values)) | set(map(str, links["merchant_id"].values))
    for id in chosen:
        own = set(everyone[everyone["merchant_id"] == id].iloc[0].dropna())
        others = (set(everyone.to_numpy().ravel()) | partners) - own
        others = {str(each) for each in others if isinstance(each, str) and len(each) >= 6}
        assert len(others) > 500
        for what, text in _texts(spring, id, lang, tmp_path).items():
            assert id in text or what.startswith("fixes")
            leaked = {each for each in others if each in text}
            assert not leaked, f"{what} of {id}: {leaked}"


def test_no_offer_of_another_merchant_is_in_it(spring: ca.Assessment, chosen: list[str], tmp_path: Path) -> None:
    offers = spring.offers()
    for id in chosen[:3]:
        others = offers[offers["merchant_id"] != id]["offer_id"].tolist()
        for text in _texts(spring, id, "en", tmp_path).values():
            assert not [each for each in others if each in text]


def test_the_card_for_machines_on_the_command_line_keeps_to_it_too(
    spring: ca.Assessment, chosen: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(SPRING), "--variant", "corrected", "--merchant", chosen[0], "--json"]) == 0
    said = capsys.readouterr().out
    others = set(_identifiers(spring)["merchant_id"]) - {chosen[0]}
    assert chosen[0] in said
    assert not [each for each in others if each in said]


def test_every_offer_that_fails_is_told_with_its_reason(spring: ca.Assessment) -> None:
    held = spring.offers("ineligible")
    id = held["merchant_id"].value_counts().index[0]
    text = Read(merchant_report(spring, id).html()).text
    for offer in held[held["merchant_id"] == id]["offer_id"]:
        card = spring.explain(offer)
        for line in card.lines:
            if line.outcome == "fail" and line.severity == "block":
                assert line.sentence in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_workbook_has_a_summary_and_only_sheets_with_something_on_them(spring: ca.Assessment, lang: str) -> None:
    for id in spring.merchants()["merchant_id"].head(12):
        sheets = merchant_report(spring, id, lang).sheets()
        assert next(iter(sheets)) == {"en": "Summary", "zh": "概览"}[lang]
        assert all(len(held.frame) for held in sheets.values())
        assert next(iter(sheets.values())).frame["said"].iloc[0] == id


def test_our_order_of_merchants_is_not_for_them(spring: ca.Assessment, chosen: list[str]) -> None:
    text = Read(merchant_report(spring, chosen[0]).html()).text
    assert "Rank" not in text
    assert "Readiness" not in text


def test_a_merchant_that_does_not_exist_is_named_with_the_closest(spring: ca.Assessment) -> None:
    id = spring.merchants()["merchant_id"].iloc[0]
    with pytest.raises(ca.CampaignError, match=f"no merchant has merchant_id '{id}x'; did you mean '{id}'"):
        merchant_report(spring, f"{id}x")


def test_tiers_and_quotas_stand_on_the_page_and_in_the_workbook(tmp_path: Path) -> None:
    """Two offers have a place, of whatever sells best."""
    rows = [{"sold": 5}, {"sold": 9}, {"sold": 7}]
    result = assessed(rows, [{"merchant_id": "ann", "trust": 4, "extra": 0}], share="0%")
    told = merchant_report(result, "ann", "en")
    page = told.html()
    assert "Rungs: mid; Fails for the next tier is Trusted" in page
    assert "Over quota: 1 of the pre-qualified offers" in page
    assert told.sheets()["Summary"].frame["topic"].tolist()[3:5] == ["Rungs", "Over quota"]
    assert told.sheets()["All offers"].frame["over_quota"].tolist() == ["shop", "", ""]
