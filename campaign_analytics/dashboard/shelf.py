"""What opens below a dashboard: more controls, scenarios, filters and categories, export, a merchant's card."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from campaign_analytics.charts.labels import foot
from campaign_analytics.charts.tables import table
from campaign_analytics.dashboard.before_after import before_after
from campaign_analytics.dashboard.card import MOST as MOST_OFFERS
from campaign_analytics.dashboard.card import CardChooser
from campaign_analytics.dashboard.heat import ordered_groups
from campaign_analytics.dashboard.messages import guarded
from campaign_analytics.dashboard.panel import Panel
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.fetching import EVERY, FLIPS, NEAR, can_fetch, fetch
from campaign_analytics.report.write import write_table
from campaign_analytics.rulebook.scenario import Scenario, load_scenario
from campaign_analytics.words import known, say

if TYPE_CHECKING:
    import pandas as pd

    from campaign_analytics.charts.tables import Table
    from campaign_analytics.dashboard.board import Dashboard
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where

SCENARIOS: Final = "scenarios"  # the folder offered first
_TABS: Final = ("board_more", "board_scenarios", "board_categories", "board_export", "board_card")
_MOST: Final = 40  # categories of a comparison
_FIRST: Final = 20  # offers that are fetched to be looked at
_WIDE: Final = {"description_width": "initial"}


class Shelf:
    """Each tab is made when it is first opened, and drawn anew only while it is seen."""

    def __init__(self, board: Dashboard) -> None:
        self.board, self.lang = board, board.lang
        self.panels: list[Panel] = []
        self.opener = widgets.ToggleButton(
            value=False, description=self._say("board_open"), layout=widgets.Layout(width="auto", height="26px")
        )
        self.status = widgets.HTML()
        self.tab = widgets.Tab(
            [widgets.VBox() for _ in _TABS],
            titles=[self._say(key) for key in _TABS],
            layout=widgets.Layout(width="100%"),
        )
        self.inside = widgets.VBox([self.status, self.tab], layout=widgets.Layout(display="none", width="100%"))
        source = "".join(f'<div class="foot">{escape(line)}</div>' for line in foot(board.assessment, self.lang))
        told = widgets.HTML(f'<div class="board">{source}</div>')  # what no picture may hide
        self.box = widgets.VBox(
            [widgets.HBox([self.opener, told]), self.inside], layout=widgets.Layout(overflow="visible")
        )
        self.box.add_class("board-shelf")
        self._made: dict[int, Callable[[], None]] = {}  # by tab: what draws it
        self.opener.observe(self._opened, "value")
        self.tab.observe(self._chosen, "selected_index")

    @property
    def _every(self) -> bool:
        """Whether every offer is there to be listed."""
        return self.board.assessment.market.rest_of is None

    @property
    def _fetches(self) -> bool:
        """Whether offers can be fetched from the market behind counts."""
        return can_fetch(self.board.assessment)

    def draw(self) -> None:
        """Draw the tab that is seen, if any is."""
        if self.opener.value and self.tab.selected_index in self._made:
            self._made[self.tab.selected_index]()

    def changes(self) -> list[str]:
        """What differs from the baseline, a line each, escaped."""
        held = self.board.what_if.scenario(self._say("board_now")).diff(lang=self.lang)
        rows = zip(held["clause"], held["label"], held["old"], held["new"], strict=True)
        return [escape(f"{clause} {label}: {old} → {new}") for clause, label, old, new in rows]

    # ---- opening

    def _opened(self, _: Any = None) -> None:
        seen = self.opener.value
        self.opener.description = self._say("board_close" if seen else "board_open")
        self.inside.layout.display = "" if seen else "none"
        self._chosen()

    def _chosen(self, _: Any = None) -> None:
        if self.opener.value and self.tab.selected_index is not None:
            self._do(lambda: self._make(self.tab.selected_index))

    def _make(self, index: int) -> None:
        if index not in self._made:
            makers = (self._more, self._scenarios, self._categories, self._export, self._card)
            listed = _TABS[index] in ("board_export", "board_card")
            untold = self.board.counts_alone if listed and not (self._fetches or self._every) else ""
            parts, draw = ([widgets.HTML(escape(untold))], lambda: None) if untold else makers[index]()
            self.tab.children[index].children = parts
            self._made[index] = draw
        self._made[index]()

    def _do(self, work: Callable[[], str | None]) -> None:
        """Do ``work`` and say here what it tells, or what went wrong."""
        told: list[str] = []
        wrong = guarded(lambda: told.append(work() or ""), self.lang)
        mark = "✗ " if wrong else "✓ " if told[0] else ""
        self.status.value = f'<div class="board">{escape(mark + (wrong or told[0]))}</div>'

    def _button(self, key: str, work: Callable[[], str | None]) -> widgets.Button:
        button = widgets.Button(
            description=self._say(key), layout=widgets.Layout(width="auto", align_self="flex-start")
        )
        button.on_click(lambda _: self._do(work))
        return button

    def _say(self, key: str, **values: Any) -> str:
        return say(key, self.lang, **values)

    def _named(self, column: str) -> str:
        return self._say(column) if known(column) else column

    # ---- the tabs: what stands in each, and what draws it

    def _more(self) -> tuple[list[Any], Callable[[], None]]:
        board = self.board
        panel = Panel(board.assessment.book, board.rest, self.lang, board.on_move, pictured=False)
        self.panels.append(panel)
        board.settle()
        return [panel], lambda: None

    def _scenarios(self) -> tuple[list[Any], Callable[[], None]]:
        name = widgets.Text(description=self._say("board_name"), placeholder=self._say("board_name_hint"), style=_WIDE)
        folder = widgets.Text(SCENARIOS, description=self._say("board_folder"), style=_WIDE, continuous_update=False)
        saved = widgets.SelectMultiple(rows=5, description=self._say("board_saved"), style=_WIDE)
        saved.layout.width = "360px"
        shown = widgets.HTML()
        book = self.board.assessment.book

        def look() -> None:
            files = sorted(Path(folder.value).glob("*.toml"))
            saved.options = [(path.stem, path) for path in files]

        def chosen() -> list[Scenario]:
            if not saved.value:
                raise CampaignError(self._say("board_choose"))
            return [load_scenario(path, book) for path in saved.value]

        def save() -> str:
            title = name.value.strip()
            stem = re.sub(r"[^\w-]+", "_", title).strip("_") or "scenario"
            path = Path(folder.value) / f"{stem}.toml"
            self.board.what_if.scenario(title).save(path)
            look()
            return self._say("board_written", path=path.resolve())

        def load() -> str:
            scenario = chosen()[0]
            self.board.what_if.load(scenario)
            self.board.refresh()
            return self._say("board_loaded", name=scenario.name.say(self.lang))

        def compare() -> None:
            now = self.board.what_if.scenario(self._say("board_now"))
            frame = self.board.what_if.compare(now, *chosen(), by=self.board.by, lang=self.lang)
            named = [" · ".join(map(self._named, column)) for column in frame.columns]
            flat = frame.set_axis(named, axis=1).reset_index()
            shown.value = _listed(table(flat, book, self.lang, _MOST))

        def draw() -> None:
            rows = "".join(f"<div>{line}</div>" for line in self.changes())
            shown.value = f'<div class="board">{rows or escape(self._say("board_unchanged"))}</div>'

        folder.observe(lambda _: self._do(look), "value")
        look()
        buttons = [
            self._button("board_save", save),
            self._button("board_load", load),
            self._button("board_compare", compare),
        ]
        return [widgets.HBox([name, folder]), widgets.HBox(buttons), saved, shown], draw

    def _categories(self) -> tuple[list[Any], Callable[[], None]]:
        board = self.board
        every = [(name or self._say("no_name"), name) for name in board.standing.groups]
        category = widgets.SelectMultiple(options=every, rows=6, description=self._say("board_only"), style=_WIDE)
        merchant = widgets.Text(
            description=self._say("board_merchant"), placeholder="id", style=_WIDE, continuous_update=False
        )
        bars = widgets.HTML()

        def look() -> None:
            asked = {board.by: list(category.value), "merchant_id": merchant.value.strip()}
            board.look_at({name: value for name, value in asked.items() if value} or None)

        def draw() -> None:
            groups = list(ordered_groups(board.standing))
            bars.value = f'<div class="board">{before_after(board.standing, groups, self.lang)}</div>'

        def clear() -> None:
            with category.hold_trait_notifications(), merchant.hold_trait_notifications():
                category.value, merchant.value = (), ""

        category.observe(lambda _: self._do(look), "value")
        merchant.observe(lambda _: self._do(look), "value")
        asked = [category, merchant] if self._every else [category]
        filters = widgets.VBox([*asked, self._button("board_all_offers", clear)])
        return [widgets.HBox([filters, bars])], draw

    def _export(self) -> tuple[list[Any], Callable[[], None]]:
        path = widgets.Text("flips.xlsx", description=self._say("board_file"), style=_WIDE)
        most = widgets.BoundedIntText(1_000, 1, 10**9, description=self._say("board_at_most"), style=_WIDE)
        shown = widgets.HTML()

        def flips(n: int | None) -> tuple[pd.DataFrame, Table]:
            what_if = self.board.what_if
            if n is not None:
                what_if = fetch(what_if, FLIPS, where=self.board.where, n=n, progress=self._progress)
            frame = what_if.flips(where=self.board.where if n is None else None, lang=self.lang)
            words = {name: [self._say(each) for each in frame[name]] for name in ("was", "now", "turned")}
            return frame, table(frame.assign(**words), what_if.book, self.lang, len(frame))

        def write() -> str:
            frame, told = flips(None if self._every else most.value)
            write_table(Path(path.value), frame, {self._say("board_flips"): told})
            return self._say("board_written", path=Path(path.value).resolve())

        def look() -> None:
            told = flips(_FIRST)[1]
            few = replace(told, frame=told.frame[["offer_id", self.board.by, "turned", "clause", "because"]])
            shown.value = _listed(few)

        hint = widgets.HTML(escape(self._say("board_export_hint" if self._every else "board_fetch_hint")))
        row = [path, self._button("board_export", write)]
        if not self._every:
            row = [self._button("board_fetch_flips", look), path, most, row[-1]]
        return [hint, widgets.HBox(row), shown], lambda: None

    def _progress(self, done: int, of: int) -> None:
        """Say how far fetching is."""
        self.status.value = f'<div class="board">{escape(self._say("board_fetching", done=done, of=of))}</div>'

    def _fetched_card(self) -> tuple[list[Any], Callable[[], None]]:
        """The card of one offer, or of one merchant and its offers, over counts; the nearest offers without an id."""
        id = widgets.Text(description=self._say("board_any_id"), style=_WIDE, layout=widgets.Layout(width="520px"))
        place = widgets.VBox()

        def some(which: str, where: Where | None, n: int) -> WhatIf:
            return fetch(self.board.what_if, which, where=where, n=n, progress=self._progress)

        def show() -> None:
            asked = id.value.strip()
            if not asked:
                near = some(NEAR, self.board.where, _FIRST).assessment.offers()
                few = near[["offer_id", "merchant_id", self.board.by, "failed", "unknown"]]
                told = table(few, self.board.what_if.book, self.lang, _FIRST)
                place.children = [widgets.HTML(_listed(told))]
                return
            try:
                found = some(EVERY, {"offer_id": asked}, 1).assessment
                card = found.explain(asked, lang=self.lang)
                place.children = [widgets.HTML(card._repr_html_())]
            except CampaignError:
                found = some(EVERY, {"merchant_id": asked}, MOST_OFFERS).assessment
                chooser = CardChooser(found, self.lang)
                chooser.search.value = asked
                place.children = [chooser.box]

        return [widgets.HBox([id, self._button("board_fetch_card", show)]), place], lambda: None

    def _card(self) -> tuple[list[Any], Callable[[], None]]:
        if not self._every:
            return self._fetched_card()
        place = widgets.VBox()
        seen: list[Any] = []

        def draw() -> None:
            renew.disabled = bool(seen) and seen[-1] is self.board.what_if.book
            if not seen:
                show()

        def show() -> None:
            seen[:] = [self.board.what_if.book]
            place.children = [CardChooser(self.board.what_if.assessment, self.lang).box]
            renew.disabled = True

        renew = self._button("board_renew", show)
        return [renew, place], draw


def _listed(held: Table) -> str:
    return f'<div class="board-list">{held._repr_html_()}</div>'
