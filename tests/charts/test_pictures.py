"""Every chart in both languages, on a hand-made market and on odd ones: legible, complete, and keeping to itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib import pyplot as plt

from campaign_analytics.charts.blockers import draw as draw_blockers
from campaign_analytics.charts.combinations import draw as draw_combinations
from campaign_analytics.charts.costs import draw as draw_costs
from campaign_analytics.charts.distribution import draw as draw_distribution
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.funnel import draw as draw_funnel
from campaign_analytics.charts.heatmap import arrange
from campaign_analytics.charts.heatmap import draw as draw_heatmap
from campaign_analytics.charts.verdicts import draw as draw_verdicts

if TYPE_CHECKING:
    from tests.charts.conftest import Example

NOTES = ["未计算：近期无严重虚假交易。", "As of 2024-02-26."]


def verdicts(example: Example, lang: str) -> Chart:
    return draw_verdicts({"offers": example.verdicts(), "merchants": example.verdicts()}, NOTES, lang)


def funnel(example: Example, lang: str) -> Chart:
    return draw_funnel(example.funnel(), example.names(lang), NOTES, lang)


def miss_heatmap(example: Example, lang: str) -> Chart:
    rules = example.rules(lang)
    return draw_heatmap(arrange(example.misses(), rules, lang), rules, NOTES, lang)


def blocker_heatmap(example: Example, lang: str) -> Chart:
    return draw_blockers(example.blockers(), example.groups(lang), NOTES, lang)


def costs(example: Example, lang: str) -> Chart:
    return draw_costs(example.blockers(by_class=False), example.groups(lang), NOTES, lang)


def combinations_of_rules(example: Example, lang: str) -> Chart:
    offers = len(example.outcomes)
    return draw_combinations(example.combinations(), offers, example.groups(lang), NOTES, "offers", lang)


def distribution(example: Example, lang: str) -> Chart:
    return draw_distribution(example.measure(lang), NOTES, lang)


Make = Callable[["Example", str], Chart]
every_chart = pytest.mark.parametrize(
    "make", [verdicts, funnel, miss_heatmap, blocker_heatmap, costs, combinations_of_rules, distribution]
)
both_languages = pytest.mark.parametrize("lang", ["en", "zh"])


def texts(chart: Chart) -> list[str]:
    return [text.get_text() for text in chart.page.texts]


def png(chart: Chart) -> bytes:
    return chart._repr_png_()[0]


def assert_legible(chart: Chart) -> None:
    """No text leaves the page or touches another; drawing warns of nothing, as a missing glyph would."""
    chart.savefig(BytesIO())
    boxes = [(text.get_text(), text.get_window_extent()) for text in chart.page.texts]
    for text, box in boxes:
        inside = box.x0 >= 0 and box.x1 <= chart.bbox.x1 and box.y0 >= 0 and box.y1 <= chart.bbox.y1
        assert inside, f"{text!r} leaves the page"
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 2, f"{one!r} covers {other!r}"


@every_chart
@both_languages
def test_a_chart_is_legible(make: Make, lang: str, example: Example) -> None:
    assert_legible(make(example, lang))


@every_chart
@pytest.mark.parametrize("outcome", ["pass", "fail", "unknown", "not_applicable"])
def test_a_market_with_one_outcome_alone_is_drawn(make: Make, outcome: str, example: Example) -> None:
    same = example.outcomes.assign(**dict.fromkeys(example.rules("en"), outcome))
    assert_legible(make(replace(example, outcomes=same), "en"))


@every_chart
@both_languages
@pytest.mark.parametrize("offers", [0, 1])
def test_an_empty_market_and_a_single_offer_are_drawn(make: Make, lang: str, offers: int, example: Example) -> None:
    assert_legible(make(replace(example, outcomes=example.outcomes.head(offers)), lang))


@every_chart
def test_forty_groups_with_long_and_strange_names_are_drawn(make: Make, example: Example) -> None:
    names = [f"{i % 40} 🧦 $x$ <b>extraordinarily\nlong</b> 大码女装与配饰及其他" for i in range(len(example.outcomes))]
    assert_legible(make(replace(example, outcomes=example.outcomes.assign(group=names)), "en"))


@both_languages
def test_millions_find_their_room(lang: str, example: Example) -> None:
    counts = {verdict: 10_003 * count for verdict, count in example.verdicts().items()}
    assert_legible(draw_verdicts({"offers": counts, "merchants": counts}, NOTES, lang))
    steps = example.funnel()
    steps.loc[:, "entering":] *= 10_003
    assert_legible(draw_funnel(steps, example.names(lang), NOTES, lang))
    misses = example.misses()
    misses.loc[:, "fail":] *= 10_003
    rules = example.rules(lang)
    assert_legible(draw_heatmap(arrange(misses, rules, lang), rules, NOTES, lang))


@every_chart
@both_languages
def test_n_and_what_was_not_computed_are_stated(make: Make, lang: str, example: Example) -> None:
    said = texts(make(example, lang))
    assert any("n = 2,000" in text for text in said)
    assert set(NOTES) <= set(said)


@every_chart
def test_the_title_is_kept_as_the_answer_in_words(make: Make, example: Example) -> None:
    chart = make(example, "zh")
    assert texts(chart)[0] == chart.answer


@every_chart
def test_a_notebook_shows_one_png_with_a_text_for_those_who_cannot_see_it(make: Make, example: Example) -> None:
    data, metadata = DisplayFormatter().format(make(example, "en"))  # type: ignore[no-untyped-call]
    assert set(data) == {"image/png", "text/plain"}
    assert data["image/png"].startswith(b"\x89PNG")
    assert len(data["image/png"]) < 200_000
    assert metadata["image/png"]["width"] == 960
    assert metadata["image/png"]["alt"]


@every_chart
def test_a_chart_is_the_same_under_any_settings_of_the_user_and_leaves_them_alone(make: Make, example: Example) -> None:
    usual = png(make(example, "zh"))
    with plt.style.context(["dark_background", {"font.family": "monospace", "figure.autolayout": True}]):
        before = dict(mpl.rcParams)
        assert png(make(example, "zh")) == usual
        assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_chart_is_saved_as_any_figure(kind: str, example: Example, tmp_path: Path) -> None:
    miss_heatmap(example, "zh").savefig(tmp_path / f"heatmap.{kind}")
    assert (tmp_path / f"heatmap.{kind}").stat().st_size > 10_000
