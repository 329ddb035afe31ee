"""The dashboard: drag a threshold and see, while dragging, who comes in, who drops out, which categories gain."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
from ipykernel.kernelbase import Kernel

from campaign_analytics.charts.labels import foot, rule_names
from campaign_analytics.dashboard.curve import curve
from campaign_analytics.dashboard.flips import MOST as MOST_FLIPS
from campaign_analytics.dashboard.flips import flips_table, told_flips, under
from campaign_analytics.dashboard.headline import headline
from campaign_analytics.dashboard.heat import heat, ordered_groups, ordered_rules
from campaign_analytics.dashboard.messages import guarded
from campaign_analytics.dashboard.panel import Panel
from campaign_analytics.dashboard.shelf import Shelf
from campaign_analytics.dashboard.sliders import (
    AS_BEFORE,
    ELSEWHERE,
    RULES,
    controls,
    in_force,
    rules_behind,
    sections,
    spelled,
)
from campaign_analytics.dashboard.style import inlined
from campaign_analytics.large.fetching import can_fetch
from campaign_analytics.report.typeface import font_faces, page_font
from campaign_analytics.rulebook.values import ONE_VALUE
from campaign_analytics.simulate.at_rest import Assessable, AtRest
from campaign_analytics.simulate.what_if import WhatIf
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.dashboard.sliders import Control, Place
    from campaign_analytics.simulate.hand import Hand
    from campaign_analytics.simulate.standing import Standing
    from campaign_analytics.simulate.where import Where

_ROWS: Final = 22  # of controls and their headings that one screen holds


class Dashboard:
    """Sliders made from the rulebook, and what follows from them.

    Shown as widgets where somebody can move them, as one picture everywhere else. ``what_if`` is what the sliders set;
    after changing it in code, ``refresh()`` moves them to it and draws.
    """

    def __init__(self, of: Assessment | Assessable, lang: str = "en") -> None:
        self.lang, self.what_if = lang, WhatIf(of)
        self.assessment = assessment = self.what_if.baseline
        book = assessment.book
        self.what_if.coded(book).code_all()  # now, so that no slider has to wait when it is first taken in hand
        made = controls(book, lang)
        if isinstance(assessment, AtRest):
            made = [control for control in made if control.name in {*assessment.coded_along, RULES}]
            made = [control.only(assessment.switched, lang) if control.name == RULES else control for control in made]
        self.controls = {control.name: control for control in made}
        first, self.rest = sections(list(self.controls.values()), _ROWS)
        self._rules_of = rules_behind(book)
        self._labels = {name: rule.label(lang, name) for name, rule in book.rules.items()} | rule_names(
            assessment, lang
        )
        self.where: Where | None = None
        self.standing: Standing = self.what_if.standing(self.by)
        self._at: dict[str, Place] = {name: control.base for name, control in self.controls.items()}
        self._hand = self._hardest(first)
        self._held: tuple[Any, Hand | None] = (None, None)  # what it was made for, and the slider in hand
        self._loaded = 0  # how often the rulebook came from elsewhere than the controls
        self._order: tuple[str, ...] = ()  # of the table's rules, while one slider is in hand
        self.panel = Panel(book, first, lang, self.on_move, letters=page_font(assessment).text)
        self.shelf = Shelf(self)
        self.box = widgets.VBox([self.panel, self.shelf.box], layout=widgets.Layout(overflow="visible"))
        self.draw()
        self.panel.put({}, {}, self._hand)

    @property
    def by(self) -> str:
        """The column of the categories."""
        return self.assessment.book.header.category

    @property
    def counts_alone(self) -> str:
        """Why no offer can be told from another, and where to ask for some; "" where each can."""
        of = self.assessment.market.rest_of
        key = "board_counts_fetched" if can_fetch(self.assessment) else "board_counts_alone"
        return say(key, self.lang, what=of.say(self.lang)) if of else ""

    def _repr_mimebundle_(self, **asked: Any) -> dict[str, Any]:
        live: dict[str, Any] = self.box._repr_mimebundle_(**asked) if can_be_moved() else {}
        return live | {"text/html": self.static(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        changed = ", ".join(self.what_if.changed) or "nothing changed"
        return f"Dashboard({self.assessment.book.id}: {changed})"

    def static(self) -> str:
        """The pictures as they stand, as HTML that needs neither a kernel nor a style sheet."""
        parts, book = self.panel.picture, self.assessment.book
        title = say("board_title", self.lang, book=book.header.label(self.lang, book.id))
        body = [
            f'<div class="title">{escape(title)}</div>{parts["head"]}',
            *(f'<div class="foot">{line}</div>' for line in self.shelf.changes()),
            parts["heat"],
            f'<div class="below">{parts["flips"]}{parts["curve"]}</div>',
            *(f'<div class="foot">{escape(line)}</div>' for line in foot(self.assessment, self.lang)),
        ]
        markup = inlined(f'<div class="board">{"".join(body)}</div>')
        return f"<style>{font_faces(markup)}</style>{markup}"

    # ---- what moves it

    def refresh(self) -> None:
        """Move the sliders to what ``what_if`` holds, and draw once."""
        self._loaded += 1
        with self.panel.hold_sync():
            self.settle()
            self.draw()

    def settle(self) -> None:
        """Move the sliders to what ``what_if`` holds."""
        book = self.what_if.book
        own = {}
        for name, control in self.controls.items():
            if name == RULES:
                self._at[name] = [i for i, rule in enumerate(control.values) if book.rules[rule].severity != "off"]
                continue
            value = in_force(book, name)
            same = value == in_force(self.assessment.book, name)
            self._at[name] = control.base if same else control.place(value)
            own[name] = book.show(name, value, self.lang)
        for panel in self.panels:
            panel.put({name: self._at[name] for name in panel.places}, {n: own[n] for n in panel.places if n in own})

    def reset(self) -> None:
        """Everything as in the baseline."""
        self.what_if.reset()
        self.refresh()

    @property
    def panels(self) -> list[Panel]:
        """Every widget with controls that was made so far."""
        return [self.panel, *self.shelf.panels]

    def guarded(self, work: Callable[[], None]) -> None:
        """Do ``work``; what goes wrong is said in words above the last good pictures."""
        wrong = guarded(work, self.lang)
        if wrong:
            self.panel.show(said=said(say("board_failed", self.lang, error=wrong)))

    def on_move(self, at: Mapping[str, Place], hand: str, reset: bool) -> None:
        """What a panel tells: where its controls stand, the one that was moved, or that all is to be reset."""
        if reset:
            self.guarded(self.reset)
        else:
            self.guarded(lambda: self._moved(at, hand))

    def _moved(self, at: Mapping[str, Place], hand: str) -> None:
        moved = {name: place for name, place in at.items() if name in self.controls and place != self._at[name]}
        before = self.what_if.book
        try:
            self._set({name: place for name, place in moved.items() if place != ELSEWHERE})
        except BaseException:
            self.what_if.book = before
            raise
        self._at |= moved
        self._hand = hand if hand in self.controls else self._hand
        self.draw()

    def _set(self, moved: Mapping[str, Place]) -> None:
        values = {}
        for name, place in moved.items():
            control = self.controls[name]
            if name == RULES:
                kept = control.value(place)
                assert isinstance(kept, frozenset)
                self.what_if.switch_off(*(rule for rule in control.values if rule not in kept))
                self.what_if.switch_on(*kept)
            else:
                first = in_force(self.assessment.book, name)
                values[name] = spelled(
                    self.assessment.book, name, first if place in (AS_BEFORE, control.base) else control.value(place)
                )
        if values:
            self.what_if.set(values)

    # ---- what is drawn

    def look_at(self, where: Where | None) -> None:
        """Look at the offers of ``where`` alone. Raises ``CampaignError`` where there are none."""
        before, self.where = self.where, where
        try:
            self.draw()
        except BaseException:
            self.where = before
            raise

    def draw(self) -> None:
        """Draw everything as ``what_if`` holds it, with one message."""
        name, lang, book = self._hand, self.lang, self.what_if.book
        control, place, hand = self.controls.get(name), self._at.get(name, ELSEWHERE), self._in_hand()
        on_place = place if isinstance(place, int) else ELSEWHERE
        if hand is not None and on_place >= 0:
            standing, now = hand.standing(on_place), under(hand.now, book)
        else:
            self._busy(hand is None)
            standing, now = self.what_if.standing(self.by, self.where), self.what_if.assessment
        moved = self._moved_rules()
        mine = self._rules_of.get(name, ())
        if not self._order:
            self._order = ordered_rules(standing, mine)
        rules = [rule for rule in mine if rule in moved] + [rule for rule in moved if rule not in mine]
        first = [] if self.counts_alone else standing.flips(MOST_FLIPS)
        told = told_flips(first, rules, now, standing.rules, self.assessment, lang)
        count = int(standing.gained.sum() + standing.lost.sum())
        curves = None if hand is None else hand.curve.sum(axis=0)
        self.standing = standing
        self.panel.show(
            head=headline(standing, lang),
            heat=heat(standing, ordered_groups(standing), self._order, mine, self._labels, lang),
            flips=flips_table(told, count, lang, self.counts_alone),
            curve=curve(control, curves, on_place, lang),
            said="",
        )
        self.shelf.draw()

    def _busy(self, heavy: bool) -> None:
        if heavy:
            self.panel.show(said=said(say("board_busy", self.lang)))

    def _in_hand(self) -> Hand | None:
        """The slider in hand, made once for as long as nothing else moves."""
        rest = {name: place for name, place in self._at.items() if name != self._hand}
        made_for = (self._hand, rest, self.where, self._loaded)
        if self._held[0] != made_for:
            plain = self._hand in self.controls and self._hand != RULES
            hand = self.what_if.hand(self._hand, self.by, self.where) if plain else None
            self._held, self._order = (made_for, hand), ()
        return self._held[1]

    def _moved_rules(self) -> list[str]:
        """The rules whose parameters or severity differ from the baseline's."""
        names = [ONE_VALUE.sub(r"\g<name>", name) for name in self.what_if.changed]
        return list(dict.fromkeys(rule for name in names for rule in self._rules_of.get(name, (name,))))

    def _hardest(self, held: Sequence[Control]) -> str:
        """The slider of the rule that most offers miss."""
        missed = dict(zip(self.standing.rules, self.standing.fails.sum(axis=1).tolist(), strict=True))
        most = {each.name: max((missed.get(rule, 0) for rule in self._rules_of[each.name]), default=0) for each in held}
        return max(most, key=lambda name: most[name], default="")


def can_be_moved() -> bool:
    """Whether somebody may work the sliders. Who runs a notebook for its pictures alone (nbconvert) takes no input, and
    would keep the widgets without what draws them; Voila takes none either, and shows them."""
    asked = not Kernel.initialized() or Kernel.instance()._allow_stdin
    return asked or "voila" in os.environ.get("SERVER_SOFTWARE", "")


def said(words: str) -> str:
    """A line above the pictures."""
    return f'<div class="said">{escape(words)}</div>' if words else ""


def dashboard(assessment: Assessment | Assessable, lang: str = "en") -> Dashboard:
    """Sliders for the rulebook's parameters over an assessment (a cube is one) or an index; shown by JupyterLab, by
    Voila, and without a kernel.

    ``lang`` is "en" or "zh"; raises ``ValueError`` for another, ``CampaignError`` for what is neither.
    """
    return Dashboard(assessment, lang)
