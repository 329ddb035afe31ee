"""The spring fixtures assessed once, and a small market whose texts try to be markup, links and formulas."""

from __future__ import annotations

import warnings
from html.parser import HTMLParser
from pathlib import Path

import pytest

import campaign_analytics as ca

SPRING = Path(__file__).parents[2] / "data" / "fixtures" / "spring"

#: What hostile or careless exports hold: tags, quotes that end an attribute, links that run, formulas.
TAG = "<script>alert(1)</script>"
QUOTES = "\"'><img src=x onerror=alert(1)>"
LINK = "javascript:alert(1)"
FORMULA = "=cmd|' /C calc'!A1"  # which a spreadsheet would run, and no one takes for a formula without a result


@pytest.fixture(scope="session")
def spring() -> ca.Assessment:
    book = ca.load_rulebook("spring_2024", "corrected")
    return ca.assess(ca.read_market(SPRING, book), book)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ca.Assessment:
    """Two merchants, and offers whose ids and categories are markup."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [(QUOTES, LINK, TAG, "77%"), (FORMULA, LINK, FORMULA, "</style><b>"), (TAG, FORMULA, QUOTES, "")]
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    header = "offer_id,merchant_id,category,pickup_rate_48h"
    (folder / "offers.csv").write_text("\n".join([header, *quoted]), "utf-8")
    merchants = [f'"{id.replace(chr(34), chr(34) * 2)}"' for id in (LINK, FORMULA)]
    (folder / "merchants.csv").write_text("\n".join(["merchant_id", *merchants]), "utf-8")
    with warnings.catch_warnings(action="ignore", category=ca.RulebookWarning):
        book = ca.load_rulebook("spring_2024")
    return ca.assess(ca.read_market(folder, book), book, as_of="2024-02-26")


class Read(HTMLParser):
    """A page as a browser takes it: its elements with their attributes, and its text without style sheets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data
        else:
            self.text += data + "\n"
