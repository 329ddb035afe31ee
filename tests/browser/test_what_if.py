"""Notebook 3 in a real browser: sliders moved by keyboard and by mouse, and every number equal to the core's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.checkout import WHAT_IF, Checkout
from tests.browser.oracle import Oracle
from tests.browser.page import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICKUP = "min_pickup_rate_48h"
BOARD = ".board:has([data-number])"


@pytest.fixture(scope="module")
def oracle(place: Checkout) -> Oracle:
    return Oracle(place.folder / "data" / "fixtures" / "spring")


@pytest.fixture(scope="module", params=["lab", "voila"])
def opened(request: pytest.FixtureRequest, browser: Browser, place: Checkout) -> Iterator[Page]:
    page = place.open(browser, request.param, WHAT_IF)
    page.run()
    page.seen(BOARD)
    yield page
    page.close()


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """The dashboard as in the baseline; while a test runs nothing may go wrong on it."""
    wrong = opened.faults
    reset = opened.tab.get_by_role("button", name="Reset all").first
    if reset.is_enabled():
        reset.click()
        opened.settle()
    yield opened
    assert set(opened.faults) <= set(wrong)


def test_it_opens_without_a_fault_and_with_the_baseline(page: Page, oracle: Oracle) -> None:
    assert not page.faults
    assert page.numbers() == oracle.numbers()


def test_every_slider_has_a_name_and_tells_its_value_with_its_unit(page: Page, oracle: Oracle) -> None:
    names = [oracle.label(parameter) for parameter in oracle.book.parameters]
    sliders = page.tab.get_by_role("slider").all()
    assert len(sliders) >= 10
    for slider in sliders:
        name, told = slider.get_attribute("aria-label"), slider.get_attribute("aria-valuetext")
        (parameter,) = (each for each in oracle.book.parameters if name and name.startswith(oracle.label(each)))
        assert names.count(oracle.label(parameter)) == 1
        assert told in {oracle.book.show(parameter, value, "en") for value in oracle.book.places(parameter)} | {
            "not set"
        }


def test_keys_move_a_slider_by_one_by_five_and_to_the_ends(page: Page, oracle: Oracle) -> None:
    slider, place, last = page.slider(oracle.label(PICKUP)), oracle.base(PICKUP), oracle.last(PICKUP)
    steps = {"ArrowLeft": -1, "PageDown": -5, "ArrowRight": 1, "ArrowUp": 1, "PageUp": 5, "Home": -last, "End": last}
    for key, step in steps.items():
        slider.press(key)
        page.settle()
        place = min(last, max(0, place + step))
        assert oracle.place(PICKUP, slider.get_attribute("aria-valuetext") or "") == place, key
        assert page.numbers() == oracle.numbers(**{PICKUP: place}), key


def test_every_slider_counts_and_so_do_all_at_once(page: Page, oracle: Oracle) -> None:
    places = dict[str, int]()
    for slider in page.seen(BOARD).get_by_role("slider").all():
        name = slider.get_attribute("aria-label") or ""
        (parameter,) = (each for each in oracle.book.parameters if name.startswith(oracle.label(each)))
        slider.press("ArrowRight" if slider.evaluate("e => +e.value === 0") else "ArrowLeft")
        page.settle()
        places[parameter] = oracle.place(parameter, slider.get_attribute("aria-valuetext") or "")
        assert page.numbers() == oracle.numbers(**places), parameter
    assert page.numbers()["change"]


def test_a_drag_is_drawn_all_the_way_and_nothing_collapses(page: Page, oracle: Oracle) -> None:
    slider, charts = page.slider(oracle.label(PICKUP)), page.tab.locator(".heat-part, .flips-part, .curve-part")
    before = charts.evaluate_all("all => all.map(each => each.innerHTML)")
    requests = page.requests
    with page.watching(BOARD) as seen:
        page.drag(slider, 0.2, moves=60)
    assert not seen[0].collapsed
    assert len(seen[0].repaints) >= 5
    assert page.requests - requests < 5  # JupyterLab looks for new files now and then; a step asks for none
    place = oracle.place(PICKUP, slider.get_attribute("aria-valuetext") or "")
    assert place < oracle.base(PICKUP) / 2
    assert page.numbers() == oracle.numbers(**{PICKUP: place})
    after = charts.evaluate_all("all => all.map(each => each.innerHTML)")
    assert all(was != now for was, now in zip(before, after, strict=True))


def test_a_flood_of_keys_ends_at_the_last_position(page: Page, oracle: Oracle) -> None:
    slider = page.slider(oracle.label(PICKUP))
    slider.focus()
    for _ in range(60):
        page.tab.keyboard.press("ArrowLeft")
    page.settle()
    assert page.numbers() == oracle.numbers(**{PICKUP: oracle.base(PICKUP) - 60})


def test_a_reset_restores_the_baseline_and_draws_once(page: Page, oracle: Oracle) -> None:
    for parameter in (PICKUP, "max_moq"):
        page.slider(oracle.label(parameter)).press("PageUp")
        page.settle()
    assert page.numbers() != oracle.numbers()
    with page.watching(BOARD) as seen:
        page.tab.get_by_role("button", name="Reset all").first.click()
    assert len(seen[0].repaints) == 1
    assert page.numbers() == oracle.numbers()


@pytest.mark.parametrize("opened", ["lab"], indirect=True)
def test_a_slider_moved_while_the_kernel_computes_ends_at_the_last_position(page: Page, oracle: Oracle) -> None:
    page.tab.evaluate(
        """() => {
          const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          kernel.requestExecute({ code: "import ctypes; ctypes.PyDLL(None).sleep(1)" }); // all threads wait for it
        }"""
    )
    slider = page.slider(oracle.label(PICKUP))
    for _ in range(7):
        slider.press("ArrowLeft")
    wanted = oracle.numbers(**{PICKUP: oracle.base(PICKUP) - 7})
    assert page.talk.open
    assert page.numbers() != wanted
    page.settle()
    assert page.numbers() == wanted


@pytest.mark.parametrize("opened", ["lab"], indirect=True)
def test_the_first_panel_is_seen_at_once_on_a_small_screen(page: Page) -> None:
    page.command("notebook:hide-all-cell-code")
    board = page.seen(BOARD)
    board.evaluate("board => board.scrollIntoView({ block: 'start' })")
    view = page.tab.locator(".jp-Notebook:visible, .jp-WindowedPanel-outer:visible").first.bounding_box()
    assert view
    for part in [board, *board.locator(".part").all(), *board.get_by_role("slider").all()]:
        box = part.bounding_box()
        assert box
        assert view["x"] <= box["x"]
        assert box["x"] + box["width"] <= view["x"] + view["width"]
        assert view["y"] - 1 <= box["y"]
        assert box["y"] + box["height"] <= view["y"] + view["height"]
