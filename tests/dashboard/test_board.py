"""The dashboard as it is used: moves, resets, errors, two of them on one page, nothing at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

import campaign_analytics as ca
from campaign_analytics.assess import Assessment, assess
from campaign_analytics.dashboard.board import Dashboard
from campaign_analytics.dashboard.sliders import AS_BEFORE, ELSEWHERE, RULES
from tests.assess.trial import GOOD, assessed, trial
from tests.dashboard.conftest import HOSTILE, drag, numbers, sent

PICKUP = "min_pickup_rate_48h"


@pytest.fixture
def board(spring: Assessment) -> Dashboard:
    return ca.dashboard(spring)


def expected(board: Dashboard, **values: Any) -> dict[str, int]:
    """The numbers of a full assessment."""
    before = board.assessment
    after = assess(before.market, before.book.set(values), before.as_of)
    was, now = before.verdict() == 0, after.verdict() == 0
    return {
        "qualifying": int(now.sum()),
        "baseline": int(was.sum()),
        "change": int(now.sum()) - int(was.sum()),
        "gained": int((now & ~was).sum()),
        "lost": int((was & ~now).sum()),
        "undetermined": int((after.verdict() == 2).sum()),
        "merchants": int((after.verdict("merchants") == 0).sum()),
    }


# ---- numbers


def test_at_first_everything_is_as_in_the_baseline(board: Dashboard) -> None:
    assert numbers(board) == expected(board)
    assert numbers(board)["change"] == 0


@pytest.mark.parametrize("place", [0, 120, 179, 200])
def test_a_slider_shows_what_a_full_assessment_gives(board: Dashboard, place: int) -> None:
    drag(board.panel, PICKUP, place)
    assert numbers(board) == expected(board, **{PICKUP: f"{place / 2}%"})
    assert board.what_if.changed == (PICKUP,)


def test_sliders_add_up(board: Dashboard) -> None:
    drag(board.panel, PICKUP, 150)
    drag(board.panel, "min_growth_score", 30)
    drag(board.panel, "min_deposit", 10)
    drag(board.panel, "min_growth_score", 35)
    assert numbers(board) == expected(board, **{PICKUP: "75%", "min_growth_score": 35, "min_deposit": 1000})


def test_a_rule_that_sleeps_is_woken_by_its_slider_and_sleeps_again(board: Dashboard) -> None:
    drag(board.panel, "min_store_competitiveness", 40)
    assert numbers(board) == expected(board, min_store_competitiveness=40)
    drag(board.panel, "min_store_competitiveness", AS_BEFORE)
    assert numbers(board) == expected(board)
    assert board.what_if.changed == ()


def test_a_threshold_that_varies_moves_where_no_value_is_set_apart(daily: Assessment) -> None:
    board = ca.dashboard(daily)
    drag(board.panel, "min_sold", 0)
    assert numbers(board) == expected(board, min_sold=0)


def test_flags_choices_sets_and_recipes_are_computed_from_the_columns(board: Dashboard) -> None:
    board.shelf.opener.value = True
    (panel,) = board.shelf.panels
    drag(panel, "enforce_select_entry", 0)
    drag(panel, "count_appealed", 0)
    drag(panel, "admitted_trustpass_types", [])
    changes = {"enforce_select_entry": False, "count_appealed": False, "admitted_trustpass_types": []}
    assert numbers(board) == expected(board, **changes)


def test_a_rule_is_switched_off_and_on(board: Dashboard) -> None:
    board.shelf.opener.value = True
    (panel,) = board.shelf.panels
    rules = board.controls[RULES].values
    drag(panel, RULES, [i for i, rule in enumerate(rules) if rule != "in_select"])
    assert board.what_if.changed == ("in_select",)
    assert numbers(board)["qualifying"] > numbers(board)["baseline"]
    assert "switched off" in board.panel.picture["flips"]
    drag(panel, RULES, list(range(len(rules))))
    assert numbers(board) == expected(board)


def test_what_is_off_the_grid_stays_until_it_is_moved(board: Dashboard) -> None:
    board.what_if.set({PICKUP: "83.37%"})
    board.refresh()
    assert (board.panel.places[PICKUP], board.panel.own[PICKUP]) == (ELSEWHERE, "83.37%")
    drag(board.panel, "min_growth_score", 50)
    assert numbers(board) == expected(board, **{PICKUP: "83.37%", "min_growth_score": 50})
    drag(board.panel, PICKUP, 170)
    assert numbers(board) == expected(board, **{PICKUP: "85%", "min_growth_score": 50})


# ---- what is shown beside them


def test_flips_are_counted_and_the_first_are_told(board: Dashboard) -> None:
    drag(board.panel, PICKUP, 120)
    told = board.panel.picture["flips"]
    assert told.count("✓ in") == min(8, numbers(board)["gained"]) > 0
    assert "(at least 60%): 48-hour pickup rate" in told
    drag(board.panel, PICKUP, 200)
    assert "✗ out" in board.panel.picture["flips"]


def test_every_flip_has_its_reason(board: Dashboard) -> None:
    for hand, place in ((PICKUP, 150), ("min_growth_score", 90), ("min_deposit", 0), ("max_moq", 0)):
        drag(board.panel, hand, place)
        assert '<td class="cut"></td>' not in board.panel.picture["flips"]


def test_taking_a_slider_in_hand_shows_its_curve_and_changes_nothing(board: Dashboard) -> None:
    drag(board.panel, "min_deposit")
    assert "Lowest deposit balance" in board.panel.picture["curve"]
    assert numbers(board) == expected(board)


def test_counts_say_that_quotas_come_later(board: Dashboard) -> None:
    assert "before quotas" in board.panel.picture["heat"]


# ---- messages


def test_a_step_is_one_small_message(board: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    drag(board.panel, PICKUP, 150)
    messages = sent(board.panel, monkeypatch)
    for place in range(140, 150):
        drag(board.panel, PICKUP, place)
    assert len(messages) == 10
    assert max(messages) < 15_000


def test_a_reset_draws_once(board: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    drag(board.panel, PICKUP, 150)
    drag(board.panel, "max_moq", 4)
    messages = sent(board.panel, monkeypatch)
    drag(board.panel, "max_moq", None, reset=True)
    assert len(messages) == 1
    assert numbers(board) == expected(board)
    assert board.panel.places == {name: board.controls[name].base for name in board.panel.places}


def test_one_slider_is_reset_by_moving_it_home(board: Dashboard) -> None:
    drag(board.panel, PICKUP, 150)
    drag(board.panel, "max_moq", 4)
    drag(board.panel, PICKUP, board.controls[PICKUP].base)
    assert board.what_if.changed == ("max_moq",)


# ---- what goes wrong


def test_values_that_contradict_each_other_are_refused_in_words(daily: Assessment) -> None:
    """A shop may not need less to enter than to stay: 2.5 stars."""
    board = ca.dashboard(daily)
    drag(board.panel, "min_shop_score", 28)
    good = board.panel.picture
    drag(board.panel, "min_shop_score", 24)
    said = board.panel.picture["said"]
    assert "these values contradict each other: :min_shop_score_stay &lt;= :min_shop_score must hold" in said
    assert "the numbers are those of the last setting that could be computed" in said
    assert board.panel.picture == good | {"said": said}
    drag(board.panel, "min_shop_score", 25)
    assert board.panel.picture["said"] == ""
    assert numbers(board) == expected(board, min_shop_score=2.5)


def test_a_mistake_of_ours_and_an_interruption_are_said_too(board: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, words in ((KeyboardInterrupt(), "interrupted"), (ZeroDivisionError("x"), "ZeroDivisionError: x")):

        def fail(*_: Any, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(board.what_if, "set", fail)
        drag(board.panel, "max_moq", 3)
        assert words in board.panel.picture["said"]
        monkeypatch.undo()
        drag(board.panel, "max_moq", 4)
        assert board.panel.picture["said"] == ""


def test_what_no_control_is_called_moves_nothing(board: Dashboard) -> None:
    board.panel.set_state({"moved": {"at": {**board.panel.places, "nothing": 3}, "hand": "nobody"}})
    assert numbers(board) == expected(board)


def test_a_place_that_there_is_not_is_said(board: Dashboard) -> None:
    for place in (999, -7, [1], "x"):
        drag(board.panel, PICKUP, place)
        assert "could not be computed" in board.panel.picture["said"]
    assert board.what_if.changed == ()


def test_nothing_in_the_data_becomes_markup(hostile: Assessment) -> None:
    board = ca.dashboard(hostile)
    drag(board.panel, "min_stars", 0)
    assert numbers(board)["gained"] == 4
    shown = "".join(board.panel.picture.values()) + board.static()
    assert HOSTILE not in shown
    assert shown.count("&lt;script&gt;") > 8


def test_no_offers_at_all(tmp_path: Path) -> None:
    board = ca.dashboard(assessed(trial(tmp_path), []))
    assert set(numbers(board).values()) <= {0, 1}
    assert "There are no offers here." in board.panel.picture["heat"]
    drag(board.panel, "min_grade", 0)
    assert board.panel.picture["said"] == ""


def test_no_category_at_all(tmp_path: Path) -> None:
    rows = [{name: value for name, value in GOOD.items() if name != "aisle"} | {"stars": i} for i in range(3)]
    board = ca.dashboard(assessed(trial(tmp_path), rows))
    assert "(no name)" in board.panel.picture["heat"]


# ---- faces


def test_two_dashboards_do_not_disturb_each_other(spring: Assessment) -> None:
    one, other = ca.dashboard(spring), ca.dashboard(spring, "zh")
    drag(one.panel, PICKUP, 100)
    assert numbers(other)["change"] == 0
    drag(other.panel, "max_moq", 0)
    assert numbers(one) == expected(one, **{PICKUP: "50%"})
    assert one.panel.model_id != other.panel.model_id


def test_a_dashboard_that_is_closed_goes_quietly(board: Dashboard) -> None:
    for widget in (board.panel, board.shelf.box, board.box):
        widget.close()
    board.what_if.set(max_moq=5)
    board.refresh()
    assert numbers(board) == expected(board, max_moq=5)


def test_it_has_a_live_face_and_a_static_one(board: Dashboard) -> None:
    drag(board.panel, PICKUP, 150)
    data, _ = DisplayFormatter().format(board)  # type: ignore[no-untyped-call]
    assert "application/vnd.jupyter.widget-view+json" in data
    json.dumps(data)
    static = data["text/html"]
    assert f'data-number="qualifying" data-value="{numbers(board)["qualifying"]}"' in static
    assert "90% → 75%" in static
    assert " class=" not in static
    assert "script" not in static
    assert "http" not in static
    assert data["text/plain"] == f"Dashboard(spring_2024: {PICKUP})"


def test_in_chinese_everything_is(spring: Assessment) -> None:
    board = ca.dashboard(spring, "zh")
    drag(board.panel, PICKUP, 120)
    shown = "".join(board.panel.picture.values())
    assert "预审合格" in shown
    assert "不低于 60%" in shown
    assert "offers" not in shown.replace("data-number", "")
    with pytest.raises(ValueError, match="lang"):
        ca.dashboard(spring, "fr")


def test_the_function_keeps_its_name_when_the_package_is_imported() -> None:
    from campaign_analytics.dashboard import CardChooser

    assert callable(ca.dashboard)
    assert CardChooser.__module__ == "campaign_analytics.dashboard.card"
