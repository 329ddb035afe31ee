"""How many qualify at every value of one parameter: the value in force and the baseline's named, unknowns apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from campaign_analytics.charts.figure import MARGIN, WIDTH, Chart
from campaign_analytics.charts.fonts import wrap
from campaign_analytics.charts.labels import foot, listed, share
from campaign_analytics.charts.palette import BLACK, BLUE, GREEN, INK, ORANGE, PASS, PURPLE, QUIET, UNKNOWN, VERMILION
from campaign_analytics.charts.plot import Plot, apart
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook
    from campaign_analytics.simulate.what_if import WhatIf

MOST_CLASSES = 6
_LEFT, _LABELS = 0.85, 1.75  # inches: where the plot begins, and the room for names at its right
_HEAD, _HIGH, _UNDER = 0.62, 2.7, 0.62  # inches: what stands above the plot, the plot, what stands under it
_LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (PURPLE, ":"), (BLACK, "-"), (ORANGE, "--"))


@dataclass(frozen=True)
class Line:
    """One parameter's values, and how many offers qualify at each."""

    label: str
    unit: str
    texts: Sequence[str]  # the values as people write them
    places: Sequence[int]  # of each among the slider's places; -1 for one between two
    good: list[int]
    may: Sequence[int]  # qualify, or cannot be decided
    offers: int
    here: int  # the value in force, by its index
    first: int  # the baseline's

    @property
    def ticks(self) -> list[str]:
        """The values without their unit."""
        return [text.removesuffix(f" {self.unit}") for text in self.texts]

    @property
    def swing(self) -> int:
        """How far the number moves from one end to the other."""
        return max(self.good) - min(self.good)

    def shifted(self, most: bool) -> tuple[int, str]:
        """The largest (or the least) number, against that of now, and the value nearest to now that gives it."""
        best = max(self.good) if most else min(self.good)
        at = min((i for i, good in enumerate(self.good) if good == best), key=lambda i: abs(i - self.here))
        return abs(best - self.good[self.here]), self.texts[at]


def curve(what_if: WhatIf, parameter: str, by: str | None = None, lang: str = "en") -> Chart:
    """How many offers qualify at every value of a parameter while all else stays as it stands.

    With ``by`` a line for each of the classes that move most, at most 6; the others are counted below. Raises
    ``CampaignError`` where there are no values to look at.
    """
    line = line_of(what_if, parameter, what_if.curve(parameter, lang=lang), lang)
    notes, quotas = notes_of(what_if, [parameter], lang), bool(what_if.book.document.quotas)
    if by is None:
        return draw(line, notes, lang, quotas)
    table = what_if.curve(parameter, by, lang=lang)
    classes = {str(name): held["pre_qualified"].tolist() for name, held in table.groupby(by, sort=False)}
    return draw_classes(line, classes, notes, lang, quotas)


def line_of(what_if: WhatIf, name: str, table: pd.DataFrame, lang: str) -> Line:
    """``table``: the rows of one parameter, without classes, of ``WhatIf.curves``."""
    good, open_ = (table[verdict].tolist() for verdict in ("pre_qualified", "undetermined"))
    here, first = (int(table[mark].to_numpy().argmax()) for mark in ("present", "default"))
    return Line(
        label_of(what_if.book, name, lang), unit_of(what_if.book, name, lang), table["value"].tolist(),
        table["place"].tolist(), good,
        [sure + may for sure, may in zip(good, open_, strict=True)], int(table["total"].iloc[0]), here, first,
    )  # fmt: skip


def label_of(book: Rulebook, name: str, lang: str) -> str:
    """A parameter as people call it, with the class whose value it is."""
    parameter, _, of = name.partition("[")
    label = book.parameters[parameter].label(lang, parameter)
    return say("parameter_of", lang, what=label, of=of.removesuffix("]")) if of else label


def unit_of(book: Rulebook, name: str, lang: str) -> str:
    held = book.parameters[name.partition("[")[0]]
    return book.header.currency if held.type == "money" else book.unit_label(held.unit, lang)


def notes_of(what_if: WhatIf, names: Sequence[str], lang: str) -> list[str]:
    """What differs from the baseline but for ``names``; then what no chart may hide."""
    others = [each for each in what_if.changed if each not in names]
    book = what_if.book
    named = [
        label_of(book, each, lang) if each.partition("[")[0] in book.parameters else book.rules[each].label(lang, each)
        for each in others
    ]
    told = [say("curve_others_moved", lang, names=listed(named, lang))] if named else []
    return [*told, *foot(what_if.assessment, lang)]


def subtitle(key: str, quotas: bool, lang: str, **values: int) -> str:
    """What is drawn, and that it is before quotas where there are any."""
    told = [say(key, lang, **values), *([say("board_quotas", lang)] if quotas else [])]
    return ("" if lang == "zh" else " ").join(told)


def draw(line: Line, notes: Sequence[str], lang: str, quotas: bool = False) -> Chart:
    """One curve as a page."""
    chart = Chart(
        _title(line, lang), subtitle("curve_subtitle", quotas, lang, offers=line.offers), notes, _HEAD + _HIGH + _UNDER
    )
    plot = _plot(chart, line, max(line.may))
    plot.across(lang)
    plot.counts(line.good, line.may)
    _marks(plot, line, f" · {line.good[line.here]:,}", lang)
    plot.dot(line.here, line.good[line.here])
    end = [plot.y(line.good[-1]), plot.y((line.good[-1] + line.may[-1]) / 2)]
    names = [
        (f"{PASS.mark} {say('pre_qualified', lang)}", PASS.text),
        (f"{UNKNOWN.mark} {say('undetermined', lang)}", UNKNOWN.text),
    ]
    shown = 2 if list(line.good) != list(line.may) else 1
    for y, (words, colour) in zip(apart(end[:shown], 0.17, plot.base - 0.05), names, strict=False):
        chart.write(plot.right + 0.1, y, words, 8.5, colour)
    plot.ticks(line.ticks, line.places, axis_of(line))
    return chart


def draw_classes(
    line: Line, classes: Mapping[str, Sequence[int]], notes: Sequence[str], lang: str, quotas: bool = False
) -> Chart:
    """One curve a class; ``classes``: by name ("" = missing) how many qualify at every value."""
    order = sorted(classes, key=lambda name: min(classes[name]) - max(classes[name]))
    drawn, rest = order[:MOST_CLASSES], order[MOST_CLASSES:]
    left_out = (
        [say("curve_other_classes", lang, count=len(rest), swing=sum(max(classes[n]) - min(classes[n]) for n in rest))]
        if rest
        else []
    )
    chart = Chart(
        _title_of_classes(line, classes, lang), subtitle("curve_subtitle_classes", quotas, lang, offers=line.offers),
        [*left_out, *notes], _HEAD + _HIGH + _UNDER,
    )  # fmt: skip
    plot = _plot(chart, line, max((max(classes[name]) for name in drawn), default=1))
    plot.across(lang)
    _marks(plot, line, "", lang)
    for name, (colour, style) in zip(drawn, _LOOKS, strict=False):
        plot.line(classes[name], colour, style)
        plot.dot(line.here, classes[name][line.here], 4)
    ends = apart([plot.y(classes[name][-1]) for name in drawn], 0.17, plot.base)
    for name, y, (colour, style) in zip(drawn, ends, _LOOKS, strict=False):
        chart.page.plot(
            [plot.right + 0.08, plot.right + 0.4], [y, y], color=colour, linestyle=style, linewidth=1.6, marker=""
        )
        told = f"{name or say('no_name', lang)} {classes[name][line.here]:,}"
        chart.write(plot.right + 0.45, y, wrap(told, _LABELS - 0.5, 8.5, most=1)[0], 8.5, INK)
    plot.ticks(line.ticks, line.places, axis_of(line))
    return chart


def _plot(chart: Chart, line: Line, most: float) -> Plot:
    top = chart.top + _HEAD
    return Plot(chart, _LEFT, WIDTH - MARGIN - _LABELS, top, top + _HIGH, len(line.texts), max(most, 1))


def _marks(plot: Plot, line: Line, count: str, lang: str) -> None:
    """The value in force and the baseline's, drawn and named above the plot."""
    now = say("curve_now_first" if line.here == line.first else "curve_now", lang, value=line.texts[line.here])
    plot.upright(line.here, plot.top - 0.42, INK, "--")
    plot.beside(line.here, plot.top - 0.38, now + count, INK, line.here >= line.first)
    if line.here != line.first:
        plot.upright(line.first, plot.top - 0.18, QUIET, ":")
        plot.beside(
            line.first,
            plot.top - 0.14,
            say("curve_first", lang, value=line.texts[line.first]),
            QUIET,
            line.first > line.here,
        )


def axis_of(line: Line) -> str:
    return f"{line.label} ({line.unit})" if line.unit and line.unit not in line.label else line.label


def _title(line: Line, lang: str) -> str:
    good, here = line.good[line.here], line.texts[line.here]
    words = {
        "what": line.label,
        "here": here,
        "good": good,
        "offers": line.offers,
        "share": share(good, line.offers, 1),
    }
    (more, loose), (fewer, tight) = line.shifted(True), line.shifted(False)
    if not more and not fewer:
        return say("curve_title_flat", lang, **words)
    told = [say("curve_title", lang, **words)]
    told += [say("curve_title_more", lang, more=more, value=loose)] if more else []
    told += [say("curve_title_fewer", lang, fewer=fewer, value=tight)] if fewer else []
    return say("curve_title_join", lang).join(told)


def _title_of_classes(line: Line, classes: Mapping[str, Sequence[int]], lang: str) -> str:
    here = {name: good[line.here] for name, good in classes.items()}
    gains = {name: max(good) - here[name] for name, good in classes.items()}
    most = max(gains, key=lambda name: gains[name], default=None)
    if most is None or not gains[most]:
        return say("curve_title_no_class", lang, what=line.label, here=line.texts[line.here])
    at = min(
        (i for i, good in enumerate(classes[most]) if good == max(classes[most])), key=lambda i: abs(i - line.here)
    )
    return say(
        "curve_title_class", lang,
        what=line.label, name=most or say("no_name", lang), more=gains[most], value=line.texts[at], good=here[most],
    )  # fmt: skip
