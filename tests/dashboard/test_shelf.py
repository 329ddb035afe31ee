"""What opens below a dashboard: scenarios, filters, export, a card; nothing of it is made before it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess import Assessment
from campaign_analytics.dashboard.board import Dashboard
from tests.dashboard.conftest import drag, numbers

PICKUP = "min_pickup_rate_48h"
MORE, SCENARIOS, CATEGORIES, EXPORT, CARD = range(5)


@pytest.fixture
def board(spring: Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    monkeypatch.chdir(tmp_path)
    return ca.dashboard(spring)


def opened(board: Dashboard, tab: int) -> list[Any]:
    """The widgets of a tab, once it is seen."""
    board.shelf.opener.value = True
    board.shelf.tab.selected_index = tab
    return list(_inside(board.shelf.tab.children[tab]))


def _inside(widget: Any) -> Any:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _inside(child)


def find(held: list[Any], kind: Any, part: str = "") -> Any:
    """The first widget of a kind whose description holds ``part``."""
    return next(each for each in held if isinstance(each, kind) and part in each.description)


def press(held: list[Any], words: str) -> None:
    find(held, widgets.Button, words).click()


def test_nothing_is_made_before_it_is_opened(board: Dashboard) -> None:
    assert [tab.children for tab in board.shelf.tab.children] == [()] * 5
    assert board.shelf.inside.layout.display == "none"
    opened(board, CATEGORIES)
    assert [bool(tab.children) for tab in board.shelf.tab.children] == [True, False, True, False, False]
    board.shelf.opener.value = False
    assert board.shelf.inside.layout.display == "none"


def test_controls_that_are_opened_late_stand_where_what_if_stands(board: Dashboard) -> None:
    board.what_if.set(enforce_select_entry=False)
    board.refresh()
    opened(board, MORE)
    (panel,) = board.shelf.panels
    assert panel.places["enforce_select_entry"] == 0


def test_a_scenario_is_saved_and_loaded_again(board: Dashboard, spring: Assessment) -> None:
    drag(board.panel, PICKUP, 150)
    drag(board.panel, "max_moq", 4)
    before = numbers(board)
    held = opened(board, SCENARIOS)
    find(held, widgets.Text, "Name").value = "Lower pickup / <b>more</b>"
    press(held, "Save")
    assert "✓ Written" in board.shelf.status.value
    assert [path.name for path in Path("scenarios").iterdir()] == ["Lower_pickup_b_more_b.toml"]
    board.reset()
    assert numbers(board)["change"] == 0
    saved = find(held, widgets.SelectMultiple)
    saved.value = (saved.options[0][1],)
    press(held, "Load")
    assert numbers(board) == before
    assert (board.panel.places[PICKUP], board.panel.places["max_moq"]) == (150, 4)
    assert "&lt;b&gt;" in board.shelf.status.value
    other = ca.dashboard(spring)
    held = opened(other, SCENARIOS)
    assert find(held, widgets.SelectMultiple).options == saved.options


def test_what_differs_is_told(board: Dashboard) -> None:
    held = opened(board, SCENARIOS)
    drag(board.panel, PICKUP, 150)
    shown = [each.value for each in held if isinstance(each, widgets.HTML)][-1]
    assert "二.3(1) Lowest 48-hour pickup rate: 90% → 75%" in shown


def test_a_file_that_is_no_scenario_of_this_rulebook_is_refused_in_words(board: Dashboard) -> None:
    Path("scenarios").mkdir()
    Path("scenarios/other.toml").write_text('[scenario]\nrulebook = "other"\nhash = "abc"\nen = "x"\n', "utf-8")
    held = opened(board, SCENARIOS)
    press(held, "Load")
    assert "✗ Choose a saved scenario" in board.shelf.status.value
    saved = find(held, widgets.SelectMultiple)
    saved.value = (saved.options[0][1],)
    press(held, "Load")
    assert "✗ " in board.shelf.status.value
    assert "other" in board.shelf.status.value
    assert numbers(board)["change"] == 0


def test_a_scenario_without_a_name_is_refused(board: Dashboard) -> None:
    press(opened(board, SCENARIOS), "Save")
    assert "✗ " in board.shelf.status.value
    assert not Path("scenarios").exists()


def test_filters_narrow_what_is_counted(board: Dashboard, spring: Assessment) -> None:
    held = opened(board, CATEGORIES)
    category = find(held, widgets.SelectMultiple)
    category.value = ("女装", "男装")
    drag(board.panel, PICKUP, 100)
    summary = board.what_if.assessment.summary(by="category").set_index("category")
    assert numbers(board)["qualifying"] == summary.loc[["女装", "男装"], "pre_qualified"].sum()
    press(held, "All offers")
    assert numbers(board)["qualifying"] == summary["pre_qualified"].sum()


def test_one_merchant_alone(board: Dashboard, spring: Assessment) -> None:
    merchants = spring.merchants().set_index("merchant_id")
    held = opened(board, CATEGORIES)
    text = find(held, widgets.Text)
    text.value = merchants.index[0]
    assert numbers(board)["qualifying"] == merchants["pre_qualified"].iloc[0]
    good = dict(board.panel.picture)
    text.value = "nobody"
    assert "✗ no offer has merchant_id &#x27;nobody&#x27;" in board.shelf.status.value
    assert board.panel.picture == good


def test_bars_of_before_and_now_follow_the_sliders(board: Dashboard) -> None:
    held = opened(board, CATEGORIES)
    bars = next(each for each in held if isinstance(each, widgets.HTML))
    assert "▲" not in bars.value
    drag(board.panel, PICKUP, 100)
    assert "▲ +" in bars.value


def test_a_card_is_that_of_the_setting_and_renewed_when_asked(board: Dashboard) -> None:
    held = opened(board, CARD)
    renew = find(held, widgets.Button)
    assert renew.disabled
    drag(board.panel, PICKUP, 100)
    assert not renew.disabled
    renew.click()
    assert renew.disabled
    cards = [each.value for each in _inside(board.shelf.tab.children[CARD]) if isinstance(each, widgets.HTML)]
    assert "<table" in cards[-1]


def test_flips_are_exported_whole(board: Dashboard) -> None:
    drag(board.panel, PICKUP, 100)
    held = opened(board, EXPORT)
    for name in ("flips.csv", "flips.xlsx"):
        find(held, widgets.Text).value = name
        press(held, "Export")
        assert f"✓ Written: {Path(name).resolve()}" in board.shelf.status.value
    written = pd.read_csv("flips.csv", dtype=str)
    assert len(written) == numbers(board)["gained"] + numbers(board)["lost"] > 0
    find(held, widgets.Text).value = "flips.doc"
    press(held, "Export")
    assert "✗ flips.doc: expected a name that ends in" in board.shelf.status.value


def test_nothing_is_written_over_what_is_not_ours(board: Dashboard) -> None:
    Path("notes.csv").write_text("mine", "utf-8")
    held = opened(board, EXPORT)
    find(held, widgets.Text).value = "notes.csv"
    press(held, "Export")
    assert "✗ " in board.shelf.status.value
    assert Path("notes.csv").read_text("utf-8") == "mine"


def test_scenarios_are_compared_with_the_setting(board: Dashboard) -> None:
    held = opened(board, SCENARIOS)
    drag(board.panel, PICKUP, 150)
    find(held, widgets.Text, "Name").value = "Lower pickup"
    press(held, "Save")
    qualifying = numbers(board)["qualifying"]
    drag(board.panel, PICKUP, 100)
    saved = find(held, widgets.SelectMultiple)
    saved.value = (saved.options[0][1],)
    press(held, "Compare")
    shown = [each.value for each in held if isinstance(each, widgets.HTML)][-1]
    assert "Lower pickup" in shown
    assert "as set now · pre-qualified" in shown
    assert f"{qualifying:,}" in shown
    assert f"{numbers(board)['qualifying']:,}" in shown
