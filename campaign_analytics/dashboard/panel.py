"""The live part of a dashboard as one widget: rows of controls, and the pictures that the kernel draws beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from campaign_analytics.dashboard.sliders import Control, section_name
from campaign_analytics.dashboard.style import sheet
from campaign_analytics.report.typeface import font_faces
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.dashboard.sliders import Place
    from campaign_analytics.rulebook.book import Rulebook

_HERE = resources.files("campaign_analytics.dashboard")


class Panel(anywidget.AnyWidget):
    """``moved`` holds where every control stands (``at``) and which one was moved last (``hand``).

    It is set by the browser, as one message a move, and by ``put``; ``on_move`` is called for the browser's moves
    alone. ``show`` draws pictures with one message.
    """

    _esm = _HERE.joinpath("panel.js").read_text("utf-8")
    _css = sheet() + _HERE.joinpath("panel.css").read_text("utf-8")

    sections: traitlets.List[Any] = traitlets.List().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    fonts = traitlets.Unicode().tag(sync=True)
    pictured = traitlets.Bool().tag(sync=True)
    own = traitlets.Dict().tag(sync=True)  # by control: the text of a value that is on no place
    picture = traitlets.Dict().tag(sync=True)  # by part: markup
    moved = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(
        self,
        book: Rulebook,
        controls: Sequence[Control],
        lang: str,
        on_move: Callable[[Mapping[str, Place], str, bool], None],
        pictured: bool = True,
        letters: str = "",  # whatever may be told: the characters that the page's font must have
    ) -> None:
        sections = [
            {"heading": section_name(book, name, lang) if name else "", "rows": [each.spec() for each in held]}
            for name, held in groupby(controls, key=lambda control: control.section)
        ]
        super().__init__(
            sections=sections,
            words=_words(lang),
            language="zh-Hans" if lang == "zh" else "en",
            fonts=font_faces(letters),
            pictured=pictured,
            moved={"at": {control.name: control.base for control in controls}, "hand": ""},
        )
        self._on_move, self._putting = on_move, False
        self.observe(self._moved, "moved")

    @property
    def places(self) -> dict[str, Place]:
        """Where every control stands."""
        return dict(self.moved["at"])

    def put(self, at: Mapping[str, Place], own: Mapping[str, str], hand: str | None = None) -> None:
        """Move controls from here; ``own`` tells the values that are on no place."""
        self._putting = True
        try:
            with self.hold_sync():
                self.own = dict(own)
                self.moved = {"at": {**self.places, **at}, "hand": self.moved["hand"] if hand is None else hand}
        finally:
            self._putting = False

    def show(self, **parts: str) -> None:
        """Draw some parts anew; the others stay."""
        self.picture = {**self.picture, **parts}

    def _moved(self, change: Any) -> None:
        if not self._putting:
            new = change["new"]
            self._on_move(new.get("at", {}), new.get("hand", ""), bool(new.get("reset")))


def _words(lang: str) -> dict[str, str]:
    """The browser's words; what stands in braces is filled in there."""
    return {
        "was": say("board_was", lang, value="{value}"),
        "reset": say("board_reset", lang, what="{what}", value="{value}"),
        "resetAll": say("board_reset_all", lang),
        "changed": say("board_changed", lang, count="{count}"),
        "unchanged": say("board_unchanged", lang),
        "chosen": say("board_chosen", lang, count="{count}", all="{all}"),
    }
