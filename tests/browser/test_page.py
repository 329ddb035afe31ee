"""The page of these tests tells what goes wrong on it: a test that could not fail would hold nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.checkout import Checkout
from tests.browser.page import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAULTY = """
import sys
from IPython.display import HTML, display

print("a word on stderr", file=sys.stderr)
display(HTML("<img src='https://example.org/mark.png'><script>console.error('a script complains')</script>"))
---
import time

import ipywidgets as widgets

slider = widgets.IntSlider(50)
shown = widgets.Output(layout=widgets.Layout(border="1px solid"))
number = widgets.HTML()

def draw(change):
    number.value = f"<span data-number=place data-value={slider.value}>{slider.value}</span>"
    shown.clear_output()
    time.sleep(0.1)
    with shown:
        print("line\\n" * 9)
    assert slider.value != 52, "52 is not drawn"

slider.observe(draw, "value")
draw(None)
display(widgets.VBox([slider, number, shown]))
---
1 / 0
"""


@pytest.fixture(scope="module")
def faulty(browser: Browser, place: Checkout) -> Iterator[Page]:
    page = place.open(browser, "lab", place.write("faulty.ipynb", FAULTY))
    page.run()
    yield page
    page.close()


@pytest.mark.parametrize(
    "fault",
    [
        "ZeroDivisionError: division by zero",
        "a word on stderr",
        "console: a script complains",
        "https://example.org/mark.png",
    ],
)
def test_a_fault_is_told(faulty: Page, fault: str) -> None:
    assert any(fault in each for each in faulty.faults)


def test_a_slider_is_moved_by_keyboard_and_by_mouse(faulty: Page) -> None:
    handle = faulty.tab.get_by_role("slider")
    handle.press("End")
    faulty.settle()
    assert faulty.numbers() == {"place": 100}
    faulty.drag(handle, 0.25)
    faulty.settle()
    assert faulty.numbers()["place"] == pytest.approx(25, abs=1)


def test_an_output_that_is_emptied_before_it_is_filled_collapses(faulty: Page) -> None:
    with faulty.watching(".jp-Cell-outputArea:has([role=slider])") as seen:
        faulty.tab.get_by_role("slider").press("ArrowRight")
    assert seen[0].collapsed
    assert seen[0].repaints


def test_an_exception_in_a_callback_is_told(faulty: Page) -> None:
    handle = faulty.tab.get_by_role("slider")
    faulty.drag(handle, 0.5)
    for _ in range(9):
        faulty.settle()
        handle.press("ArrowRight" if faulty.numbers()["place"] < 52 else "ArrowLeft")
    assert any("52 is not drawn" in each for each in faulty.faults)
