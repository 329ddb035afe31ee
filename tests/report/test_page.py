"""Pages stand alone, show what data holds, and run none of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import campaign_analytics as ca
from campaign_analytics.report.market import market_page
from campaign_analytics.report.merchant import merchant_report
from campaign_analytics.report.write import write_card
from tests.report.conftest import FORMULA, LINK, QUOTES, TAG, Read

Page = Callable[[ca.Assessment, str], str]


def _card(assessment: ca.Assessment, lang: str) -> str:
    card = assessment.explain(assessment.offers()["offer_id"].iloc[0], lang=lang)
    path = Path("card.html")
    write_card(card, path)
    return path.read_text("utf-8")


def _merchant(assessment: ca.Assessment, lang: str) -> str:
    return merchant_report(assessment, assessment.merchants()["merchant_id"].iloc[0], lang).html()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


every_page = pytest.mark.parametrize("page", [market_page, _merchant, _card], ids=["market", "merchant", "card"])
every_language = pytest.mark.parametrize("lang", ["en", "zh"])


@every_page
@every_language
def test_a_page_needs_nothing_beside_it(spring: ca.Assessment, page: Page, lang: str) -> None:
    html = page(spring, lang)
    read = Read(html)
    assert html.startswith("<!doctype html>")
    assert ("html", {"lang": {"zh": "zh-Hans", "en": "en"}[lang]}) in read.elements
    names = {name for name, _ in read.elements}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form", "a", "svg", "video", "audio"}
    for name, attributes in read.elements:
        assert not {each for each in attributes if each.startswith("on") or each in ("href", "srcset", "action")}
        assert name == "img" or "src" not in attributes
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
    assert not re.search(r"https?:|@import|url\((?!data:font/woff;base64,)", html)
    policies = [held.get("content") or "" for name, held in read.elements if name == "meta"]
    assert any("default-src 'none'" in policy for policy in policies)


@pytest.mark.parametrize(
    ("page", "shown"), [(market_page, ()), (_merchant, (QUOTES, LINK, TAG, FORMULA)), (_card, (QUOTES, LINK, TAG))]
)
def test_markup_in_data_is_shown_and_never_run(hostile: ca.Assessment, page: Page, shown: tuple[str, ...]) -> None:
    html = page(hostile, "en")
    read = Read(html)
    assert not {name for name, _ in read.elements} & {"script", "a"}
    assert not [held for _, held in read.elements if "onerror" in held]
    assert TAG not in html
    assert QUOTES not in html
    assert html.count("</style>") == 1
    assert all(text in read.text for text in shown)


@every_language
def test_every_character_is_in_a_font_of_the_page(spring: ca.Assessment, lang: str) -> None:
    html = market_page(spring, lang)
    fonts = [TTFont(BytesIO(base64.b64decode(data))) for data in re.findall(r"font/woff;base64,([^)]+)\)", html)]
    held = {code for font in fonts for code in font.getBestCmap()}
    text = {character for character in Read(html).text if ord(character) > 0x2E80}
    assert text
    assert not {character for character in text if ord(character) not in held}
    assert len(html) < 1_000_000  # the font is cut down: whole it has 17 MB


@every_page
def test_it_is_readable_in_the_dark_and_in_print(spring: ca.Assessment, page: Page) -> None:
    style = Read(page(spring, "en")).style
    assert "prefers-color-scheme:dark" in style
    assert "@media print" in style


@every_language
def test_the_market_report_answers_first(spring: ca.Assessment, lang: str) -> None:
    html = market_page(spring, lang)
    row = spring.summary().iloc[0]
    head = Read(html.split("<h2>")[0]).text
    for verdict in ("pre_qualified", "ineligible", "undetermined"):
        assert f"{row[verdict]:,}" in head
    assert "assessment." not in Read(html).text  # no advice to people who write Python
    pictures = [held for name, held in Read(html).elements if name == "img"]
    assert len(pictures) == 2
    assert all(held["alt"] and held["width"] for held in pictures)


def test_the_same_market_gives_the_same_page(spring: ca.Assessment) -> None:
    assert market_page(spring) == market_page(spring)


def test_a_market_where_everybody_qualifies_has_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "bare.toml").write_text(
        '[rulebook]\nid = "bare"\nversion = "1"\neffective = 2024-01-01\nclauses = ["1"]\n'
        '[rules.named]\nclause = "1"\ncondition = "category IS NOT NULL"\n',
        "utf-8",
    )
    (tmp_path / "offers.csv").write_text("offer_id,merchant_id,category\n1,m,x\n", "utf-8")
    (tmp_path / "merchants.csv").write_text("merchant_id\nm\nn\n", "utf-8")
    book = ca.load_rulebook(tmp_path / "bare.toml")
    result = ca.assess(ca.read_market(tmp_path, book), book, as_of="2024-01-01")
    for lang in ("en", "zh"):
        assert "0" in Read(market_page(result, lang)).text
        assert Read(merchant_report(result, "n", lang).html()).text  # a merchant without offers
