from __future__ import annotations

import pandas as pd
import pytest

from campaign_analytics import load_rulebook
from campaign_analytics.charts import table
from campaign_analytics.rulebook.book import Rulebook

FRAME = pd.DataFrame(
    {
        "offer_id": ["0610000000042", "7"],
        "verdict": pd.Categorical(["ineligible", "pre_qualified"]),
        "failed": ["minimum_order;medal", ""],
        "offers": [12345, 3],
        "share": [0.123, 1.0],
        "growth_score": [61.5, None],
        "<own>": ["<script>", "—"],
    }
)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


def test_titles_and_rules_are_named_by_the_rulebook_and_our_catalogue(book: Rulebook) -> None:
    shown = table(FRAME, book, "zh")
    assert shown.titles() == ["商品ID", "结论", "不满足的规则", "商品", "占比", "商品成长分", "<own>"]
    assert shown.cells()[0] == ["0610000000042", "不合格", "起批量、交易勋章", "12,345", "12.3%", "61.50", "<script>"]
    assert shown.cells()[1] == ["7", "预审合格", "", "3", "100.0%", "", "—"]


def test_the_first_rows_are_shown_and_all_are_counted(book: Rulebook) -> None:
    shown = table(FRAME, book, "en", rows=1)
    assert len(shown.cells()) == 1
    assert "1 of 2 rows" in shown._repr_html_()
    assert repr(shown).endswith("1 of 2 rows")
    assert len(shown.frame) == 2


def test_ids_stay_on_one_line(book: Rulebook) -> None:
    assert "nowrap" in table(FRAME[["offer_id"]], book)._repr_html_().split("<tbody>")[1]


def test_a_difference_has_its_sign_and_a_parameter_its_label(book: Rulebook) -> None:
    frame = pd.DataFrame({"name": ["min_pickup_rate_48h"], "difference": [3], "category": [""]})
    assert table(frame, book, "zh").cells() == [[book.parameters["min_pickup_rate_48h"].zh, "+3", "（未填）"]]


def test_an_empty_frame_still_has_its_titles(book: Rulebook) -> None:
    assert "0 of 0 rows" in table(FRAME.head(0), book)._repr_html_()


def test_html_is_escaped_and_takes_its_colours_from_the_notebook(book: Rulebook) -> None:
    html = table(FRAME, book)._repr_html_()
    assert "<script>" not in html
    assert "&lt;own&gt;" in html
    assert "color" not in html


def test_a_language_that_we_do_not_speak_is_refused(book: Rulebook) -> None:
    with pytest.raises(ValueError, match="expected 'en' or 'zh'"):
        table(FRAME, book, "fr")._repr_html_()
