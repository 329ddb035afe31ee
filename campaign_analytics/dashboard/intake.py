"""Bring your own data: upload files or point at a folder, see what was understood, repair it, and go on with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from campaign_analytics.dashboard.messages import guarded
from campaign_analytics.dashboard.style import lists_in_the_dark
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.databases import is_url
from campaign_analytics.market.declared import UNITS
from campaign_analytics.market.finding import look
from campaign_analytics.market.headers import known_columns, match_found, near
from campaign_analytics.market.mapping import settled_units
from campaign_analytics.market.read import read_market
from campaign_analytics.market.reasons import every_reason
from campaign_analytics.market.schema import KEYS, Declared
from campaign_analytics.report.intake import CLEAN, Intake, write_intake
from campaign_analytics.report.quality import say_table
from campaign_analytics.report.typeface import STACK, font_faces
from campaign_analytics.words import every_word, say

if TYPE_CHECKING:
    from campaign_analytics.market.schema import Market
    from campaign_analytics.rulebook.book import Rulebook

UPLOADS: Final = "uploads"
OUT: Final = "my_market"
_CLASS: Final = "bring-data"
_WIDE: Final = {"description_width": "initial"}
_LABELLED: Final = {"description_width": "4.5em"}  # what stands below each other
_NOT_IN_A_NAME = re.compile(r"[^\w .()+=@,-]+")


@dataclass(frozen=True)
class Choice:
    """What a person said that a header, a rate's unit or a file means, or which encoding it is in."""

    kind: str  # "headers", "units", "tables" or "encodings"
    name: str
    means: str
    table: str = ""  # of a header

    def put_on(self, declared: Declared) -> Declared:
        """What is declared with this choice on top."""
        if self.kind == "units":
            return replace(declared, units={**declared.units, self.name: self.means})
        if self.kind == "tables":
            return replace(declared, tables={**declared.tables, self.name: self.means})
        if self.kind == "encodings":
            return replace(declared, encodings={**declared.encodings, self.name: self.means})
        others = {name: column for name, column in declared.headers.get(self.table, {}).items() if column != self.means}
        return replace(declared, headers={**declared.headers, self.table: {**others, self.name: self.means}})


class IntakePanel:
    """A folder to read, or files to upload; what was understood of them; choices that repair it; and where to write.

    ``market`` is what was read last, with every choice made. Shown as widgets where there is a kernel, as the report
    everywhere else.
    """

    def __init__(self, book: Rulebook, folder: str | Path = "", lang: str = "en") -> None:
        self.book, self.lang = book, lang
        self.choices: list[Choice] = []
        self._market: Market | None = None
        self._base = Declared()
        self._near: dict[tuple[str, str], list[str]] = {}
        self._maybe: dict[str, Mapping[str, str]] = {}
        self._uploads = Path(UPLOADS, f"{datetime.now():%Y-%m-%d_%H%M%S}")
        self.folder = widgets.Text(str(folder), layout=widgets.Layout(width="520px"), **self._told("desk_folder"))
        self.upload = widgets.FileUpload(multiple=True, icon="", description=self._say("desk_upload"))
        self.upload.layout.width = "auto"
        self.status, self.fonts, self.shown = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.made = widgets.HTML()
        self.rows = {kind: _Row(self, kind) for kind in ("headers", "units", "tables", "encodings")}
        self.out = widgets.Text(OUT, **self._told("desk_out"))
        self.box = widgets.VBox(
            [
                self.fonts,
                widgets.HBox([self.folder, self._button("desk_read", self.read), self.upload]),
                self.status,
                *(row.box for row in self.rows.values()),
                widgets.HBox(
                    [self._button("desk_back", self.take_back), self.made], layout=widgets.Layout(align_items="center")
                ),
                widgets.HBox([self.out, self._button("desk_write", self.write)]),
                self.shown,
            ]
        )
        self.box.add_class(_CLASS)
        self.upload.observe(self._uploaded, "value")
        self._draw_choices()
        if folder:
            self.do(self.read)

    @property
    def market(self) -> Market:
        """What was read last. Raises ``CampaignError`` where nothing could be read yet."""
        if self._market is None:
            raise CampaignError(self._say("desk_nothing"))
        return self._market

    # ---- what its buttons do

    def read(self) -> str:
        """Read the folder anew, as what its owner declared there."""
        self.choices.clear()
        self._base, self._market = Declared(), None
        return self._read(None)

    def choose(self, choice: Choice) -> str:
        """Read again with one more choice; one that spoils what could be read is taken back."""
        self.choices.append(choice)
        try:
            return self._read(self._declared())
        except CampaignError:
            if self._market is not None:
                self.choices.remove(choice)
            raise

    def take_back(self) -> str:
        """Read again without the last choice."""
        if not self.choices:
            raise CampaignError(self._say("desk_no_choice"))
        self.choices.pop()
        return self._read(self._declared())

    def write(self) -> str:
        """Write the clean market, the mapping and the rejected rows."""
        market, folder = self.market, Path(self.out.value.strip() or OUT)
        written = write_intake(market, self.book, folder, self.lang)
        files = say("list", self.lang).join(str(path) for path in written)
        return say("desk_written", self.lang, files=files, folder=(folder / CLEAN).resolve())

    def do(self, work: Callable[[], str]) -> None:
        """Do ``work`` and say what it tells, or what went wrong, in words."""
        self.status.value = _line(self._say("desk_busy"))
        told: list[str] = []
        wrong = guarded(lambda: told.append(work()), self.lang)
        self.status.value = _line(f"✗ {wrong}" if wrong else f"✓ {told[0]}")

    # ---- reading

    def _declared(self) -> Declared:
        declared = self._base
        for choice in self.choices:
            declared = choice.put_on(declared)
        return declared

    def _read(self, declared: Declared | None) -> str:
        source = self.folder.value.strip()
        if not source:
            raise CampaignError(self._say("desk_no_folder"))
        try:
            market = read_market(source if is_url(source) else Path(source), self.book, declared)
        except CampaignError:
            if self._market is None:
                guarded(lambda: self._ask_of_files(source, declared or Declared()), self.lang)
            raise
        if declared is None:
            self._base = market.declared
        self._market = market
        told = Intake(market, self.book, self.lang)
        self._show(told)
        self._ask(market)
        return told.answer()

    def _show(self, told: Intake) -> None:
        lines = "".join(f"<div>{escape(line)}</div>" for line in told.fates())
        parts = [f"<p><b>{escape(heading)}</b></p>{held._repr_html_()}" for heading, held in told.sections()]
        self.shown.value = f'<div style="line-height:1.35">{lines}{"".join(parts)}</div>'
        self._draw_choices()

    def _draw_choices(self) -> None:
        made = "; ".join(f"{choice.name} → {choice.means}" for choice in self.choices)
        self.made.value = _line(made or self._say("desk_no_choices"))
        asked = "".join(label for row in self.rows.values() for label, _ in row.name.options)
        asked += "".join(word for words in self._maybe.values() for word in words.values())
        labels = "".join(column.label(self.lang, name) for name, column in self.book.columns.items())
        faces = font_faces(every_word() + every_reason() + labels + asked + self.shown.value)
        style = f"{faces}.{_CLASS}, .{_CLASS} * {{font-family: {STACK}}}{lists_in_the_dark(_CLASS)}"
        self.fonts.value = f"<style>{style}</style>"

    # ---- what may be chosen

    def _ask(self, market: Market) -> None:
        """Offer what reading left open."""
        headers = {
            (name, aside.header): list(aside.near)
            for name, table in market.tables.items()
            for part in table.parts
            for aside in part.aside
        }
        assert market.quality is not None
        files = [each.column for each in market.quality.findings if not each.table and each.reason.kind == "unread"]
        maybe = {part.file: part.maybe for table in market.tables.values() for part in table.parts if part.maybe}
        self._offer(headers, settled_units(market), files, maybe)

    def _ask_of_files(self, source: str, declared: Declared) -> None:
        """Offer what files hold that are no market yet."""
        found = look(source if is_url(source) else Path(source), self.book, declared, lambda done, total: None)
        headers: dict[tuple[str, str], list[str]] = {}
        for name, parts in found.parts.items():
            for part in parts:
                unread = match_found(part, name, self.book, declared.headers.get(name, {})).unread
                headers |= {
                    (name, part.headers[place]): near(part.headers[place], name, self.book) for place, _ in unread
                }
        self.shown.value = ""
        maybe = {part.file: part.maybe for parts in found.parts.values() for part in parts if part.maybe}
        self._offer(headers, {}, found.unread, maybe)

    def _offer(
        self,
        headers: Mapping[tuple[str, str], list[str]],
        units: Mapping[str, str],
        files: Sequence[str],
        maybe: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._near, self._maybe = dict(headers), dict(maybe)
        nearest = sorted(headers, key=lambda asked: not headers[asked])
        self.rows["headers"].offer(
            [(f"{say_table(name, self.lang)} · {header}", (name, header)) for name, header in nearest]
        )
        self.rows["units"].offer([(self._unit(column, unit), ("", column)) for column, unit in units.items()])
        self.rows["tables"].offer([(name, ("", name)) for name in files])
        self.rows["encodings"].offer([(name, ("", name)) for name in maybe])
        self._draw_choices()

    def _unit(self, column: str, unit: str) -> str:
        told = self._say(f"unit_{unit}") if unit else self._say("desk_unit_open")
        return f"{self.book.columns[column].label(self.lang, column)}: {told}"

    def meanings(self, kind: str, asked: tuple[str, str]) -> list[tuple[str, str]]:
        """What may be chosen for a header (the columns that it may mean first), a unit, a file or its encoding."""
        if kind == "units":
            return [(self._say(f"unit_{unit}"), unit) for unit in UNITS[self.book.columns[asked[1]].type]]
        if kind == "tables":
            return [(self._say("desk_choose"), ""), *((say_table(name, self.lang), name) for name in KEYS)]
        if kind == "encodings":
            open_ones = [(f"{encoding} ({word})", encoding) for encoding, word in self._maybe[asked[1]].items()]
            return [(self._say("desk_choose"), ""), *open_ones]
        every = dict.fromkeys([*self._near.get(asked, []), *known_columns(self.book, asked[0])])
        named = [(f"{self.book.columns[name].label(self.lang, name)} ({name})", name) for name in every]
        return named if self._near.get(asked) else [(self._say("desk_choose"), ""), *named]

    # ---- uploading

    def _uploaded(self, _: Any = None) -> None:
        if self.upload.value:
            self.do(self._take_files)

    def _take_files(self) -> str:
        self._uploads.mkdir(parents=True, exist_ok=True)
        for each in self.upload.value:
            (self._uploads / safe_name(each["name"])).write_bytes(each["content"])
        self.folder.value = str(self._uploads)
        return self.read()

    # ---- small things

    def _repr_mimebundle_(self, **asked: Any) -> dict[str, Any]:
        live: dict[str, Any] = self.box._repr_mimebundle_(**asked)
        return live | {"text/html": self.status.value + self.shown.value, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"IntakePanel({self.folder.value!r})"

    def _say(self, key: str, **values: Any) -> str:
        return say(key, self.lang, **values)

    def _told(self, key: str) -> dict[str, Any]:
        return {"description": self._say(key), "style": _LABELLED}

    def _button(self, key: str, work: Callable[[], str]) -> widgets.Button:
        button = widgets.Button(description=self._say(key), layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: self.do(work))
        return button


class _Row:
    """One question: what is left open, what it may mean, and a button that says so."""

    def __init__(self, panel: IntakePanel, kind: str) -> None:
        self.panel, self.kind = panel, kind
        self.name = widgets.Dropdown(
            description=say(f"desk_{kind}", panel.lang), style=_LABELLED, layout=widgets.Layout(width="480px")
        )
        self.means = widgets.Dropdown(
            description=say("desk_means", panel.lang), style=_WIDE, layout=widgets.Layout(width="380px")
        )
        self.use = widgets.Button(description=say("desk_use", panel.lang), layout=widgets.Layout(width="auto"))
        self.box = widgets.HBox([self.name, self.means, self.use])
        self.name.observe(self.propose, "value")
        self.use.on_click(lambda _: panel.do(self.chosen))

    def offer(self, options: Sequence[tuple[str, tuple[str, str]]]) -> None:
        """Show what is open; nothing is seen where nothing is."""
        self.name.options = options
        self.name.index = 0 if options else None  # a list that was empty would choose nothing
        self.box.layout.display = "" if options else "none"
        self.propose()

    def propose(self, _: Any = None) -> None:
        """Show what the open thing that is looked at may mean."""
        self.means.options = self.panel.meanings(self.kind, self.name.value) if self.name.value else ()
        self.means.index = 0 if self.means.options else None

    def chosen(self) -> str:
        """Take what is shown."""
        if not self.means.value:
            raise CampaignError(say("desk_choose_first", self.panel.lang, name=self.name.value[1]))
        table, name = self.name.value
        return self.panel.choose(Choice(self.kind, name, self.means.value, table))


def safe_name(name: str) -> str:
    """The name under which an uploaded file is kept: no folder, nothing that a file system takes for a sign."""
    last = re.split(r"[/\\]", name)[-1]
    return _NOT_IN_A_NAME.sub("_", last).strip(". ") or "file"


def _line(text: str) -> str:
    return f'<div style="white-space:pre-line;line-height:1.35">{escape(text)}</div>'
