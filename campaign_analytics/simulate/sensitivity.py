"""How many qualify at every value of a parameter while all else stays as it stands, and which next step buys most.

Counts are those of a full assessment at each value; a table's ``attrs["note"]`` says so where quotas come after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.gaps import scale_of
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, UNDETERMINED, VERDICTS
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.values import MINOR_UNITS, Value
from campaign_analytics.simulate.at_rest import AtRest
from campaign_analytics.simulate.classes import Classes
from campaign_analytics.simulate.moving import (
    Moving,
    allowed,
    deciding,
    name_of,
    number_of,
    options,
    sliders,
    values_of,
)
from campaign_analytics.simulate.positions import Slider
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level, Rulebook
    from campaign_analytics.simulate.what_if import WhatIf
    from campaign_analytics.simulate.where import Where

#: Of a parameter without positions so many values are looked at unless it is asked for by name.
FEW = 5


@dataclass(frozen=True, eq=False)
class Track:
    """All values of one slider, and what each gives."""

    slider: Slider
    values: tuple[Value | None, ...]
    places: Array  # (values,) int64: the value's place among the slider's, -1 for one off them
    numbers: Array  # (values,) float64
    here: int  # the value in force
    first: int  # the baseline's value
    allowed: Array  # (values,) bool
    counts: Array  # (classes, values, 3) by verdict
    directions: frozenset[bool | None]  # of the comparisons: True pass at higher values, None say nothing


def curve(
    what_if: WhatIf,
    parameter: str,
    by: str | None = None,
    level: Level = "offers",
    weight: str | None = None,
    where: Where | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """``curves`` of one parameter, however long its values take. Raises ``CampaignError`` where it has none to look
    at."""
    return curves(what_if, by, level, weight, where, lang, [parameter])


def curves(
    what_if: WhatIf,
    by: str | None = None,
    level: Level = "offers",
    weight: str | None = None,
    where: Where | None = None,
    lang: str = "en",
    parameters: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row a parameter, class of ``by`` (as in ``summary``) and value; exact, all else as it stands.

    parameter: "x", or "x[y]" for the value of one y; the class (where ``by`` is given, the largest first); place: of
    the value among those of the slider (int64), -1 for a value in force, or the baseline's, that lies off them;
    value: as people write it; number: a share for a rate, whole units of the currency for money, days since 1970, the
    place in its list for a level or choice, NaN for not set; pre_qualified, ineligible, undetermined, total, and
    change, of the pre-qualified against the baseline (int64, with ``weight`` float64 sums of it, as in ``blockers``,
    and weight_missing); present, default: the value in force, and the baseline's; allowed: False where a requirement
    of the rulebook forbids the value while the others are as they stand (bool).

    ``parameters`` picks some; without it every parameter of a rule that decides verdicts now is there, but for those
    in ``attrs["left_out"]``, which tells of each why. Raises ``CampaignError`` for an unknown parameter or column, and
    for a picked one that has no values to look at.
    """
    classes = Classes.of(what_if.baseline, by, level, weight, where)
    tracks, left_out = tracks_of(what_if, classes, parameters)
    before = classes.verdicts(what_if.baseline)[:, PRE_QUALIFIED]
    frames = [_frame(what_if.book, track, classes, before, lang) for track in tracks]
    made = pd.concat(frames, ignore_index=True) if frames else _none(what_if.book, classes, before, lang)
    made.attrs |= notes(what_if.book, lang)
    made.attrs["left_out"] = {name: say(f"left_out_{why}", lang, few=FEW) for name, why in left_out.items()}
    return made


def marginal_gains(
    what_if: WhatIf, weight: str | None = None, where: Where | None = None, lang: str = "en"
) -> pd.DataFrame:
    """The next step of every parameter, in each direction: what buys most at the smallest change comes first.

    One row a parameter and direction: parameter; direction: loosen, tighten, "both" for a step of a parameter that
    loosens some rules and tightens others, "unknown" where the conditions do not tell (a choice, or a parameter that a
    column is made with); from_value, to_value as people write them; gained: by how many more offers qualify (int64;
    with ``weight`` float64), below 0 fewer; undetermined: how many more cannot be decided; step: the size of the change
    in the rulebook's ``scale`` of the parameter (an assumption of ours; NaN where it gives none); gained_by_scale:
    gained over step; first_value: the first value in this direction that changes the number at all (empty where none
    does), first_gained, first_by_scale: the same of it. Values that a requirement of the rulebook forbids are passed
    over. ``attrs`` as in ``curves``.
    """
    classes = Classes.of(what_if.baseline, None, "offers", weight, where)
    tracks, left_out = tracks_of(what_if, classes, None)
    rows = [row for track in tracks for row in _steps(what_if.book, track, lang)]
    table = pd.DataFrame(rows, columns=list(_STEP)).astype(_STEP | dict.fromkeys(_COUNTED, classes.dtype))
    table = table.iloc[np.lexsort(_last_first(table))].reset_index(drop=True)
    table.attrs |= notes(what_if.book, lang)
    table.attrs["left_out"] = {name: say(f"left_out_{why}", lang, few=FEW) for name, why in left_out.items()}
    return table


def notes(book: Rulebook, lang: str) -> dict[str, str]:
    """What to know of every count: that it is before quotas, where there are any."""
    return {"note": say("board_quotas", lang)} if book.document.quotas else {}


# ---- tracks


def tracks_of(
    what_if: WhatIf, classes: Classes, parameters: Sequence[str] | None
) -> tuple[list[Track], dict[str, str]]:
    """The sliders named, or all that can be looked at quickly; and by name why others cannot."""
    if parameters is not None:
        return [_track(what_if, checked(what_if, name), classes) for name in parameters], {}
    tracks, left_out = [], {}
    for slider in sliders(what_if.book):
        why = _without_values(what_if.book, slider)
        if not why and not deciding(what_if.book, slider.parameter):
            why = "decides_nothing"
        if not why and _uncoded(what_if.baseline, slider):
            why = "uncoded"
        if not why:
            moving, values = Moving(what_if, [slider], classes.level), values_of(what_if, slider)
            if len(values) > FEW and not moving.has_positions(slider):
                why = "long"
            else:
                tracks.append(_track(what_if, slider, classes, moving))
        if why:
            left_out[name_of(slider)] = why
    return tracks, left_out


def checked(what_if: WhatIf, name: str) -> Slider:
    """A slider that has values to look at, and can be moved; else ``CampaignError``."""
    slider = what_if.slider(name)
    why = _without_values(what_if.book, slider)
    if why:
        raise CampaignError(f"{name}: {say(f'left_out_{why}')}; set it, and compare what follows")
    baseline = what_if.baseline
    if isinstance(baseline, AtRest) and _uncoded(baseline, slider) and deciding(what_if.book, slider.parameter):
        raise baseline.refused([name])
    return slider


def _uncoded(baseline: Assessment, slider: Slider) -> bool:
    return isinstance(baseline, AtRest) and slider.parameter not in baseline.coded_along


def _without_values(book: Rulebook, slider: Slider) -> str:
    if book.parameters[slider.parameter].type == "set":
        return "set"
    return "" if options(book, slider.parameter) else "no_places"


def _track(what_if: WhatIf, slider: Slider, classes: Classes, moving: Moving | None = None) -> Track:
    moving = moving or Moving(what_if, [slider], classes.level)
    values, grid = values_of(what_if, slider), options(what_if.book, slider.parameter)
    here, first = (
        values.index(slider.held(book.values[slider.parameter])) for book in (what_if.book, what_if.baseline.book)
    )
    return Track(
        slider,
        values,
        np.array([grid.index(value) if value in grid else -1 for value in values], np.int64),
        np.array([number_of(what_if.book, slider, value) for value in values]),
        here,
        first,
        allowed(what_if.book, (slider, values)),
        moving.counts(slider, values, classes),
        moving.directions(slider),
    )


# ---- curves


def _frame(book: Rulebook, track: Track, classes: Classes, before: Array, lang: str) -> pd.DataFrame:
    groups, values = len(classes.names), len(track.values)
    texts = [book.show(track.slider.parameter, value, lang) for value in track.values]
    at = np.arange(values)

    def each_value(held: Array) -> Array:
        return np.tile(held, groups)

    columns: dict[str, object] = {"parameter": _texts([name_of(track.slider)], np.zeros(groups * values, np.intp))}
    if classes.by is not None:
        columns[classes.by] = _texts(classes.names, np.repeat(np.arange(groups), values))
    columns |= {"place": each_value(track.places), "value": _texts(texts, each_value(at))}
    columns["number"] = each_value(track.numbers)
    columns |= {verdict: track.counts[:, :, i].ravel() for i, verdict in enumerate(VERDICTS)}
    columns["total"] = track.counts.sum(axis=2).ravel()
    if classes.weight_missing is not None:
        columns["weight_missing"] = np.repeat(classes.weight_missing, values)
    columns["change"] = (track.counts[:, :, PRE_QUALIFIED] - before[:, None]).ravel()
    columns |= {"present": each_value(at == track.here), "default": each_value(at == track.first)}
    columns["allowed"] = each_value(track.allowed)
    return pd.DataFrame(columns)


def _texts(texts: Sequence[str], at: Array) -> pd.Series:
    return pd.Series(pd.array(list(texts), dtype="str")).take(at).reset_index(drop=True)


def _none(book: Rulebook, classes: Classes, before: Array, lang: str) -> pd.DataFrame:
    """A table without a parameter."""
    nothing = Track(
        Slider(""), (), np.zeros(0, np.int64), np.zeros(0), 0, 0, np.zeros(0, bool),
        np.zeros((len(classes.names), 0, len(VERDICTS)), classes.dtype), frozenset(),
    )  # fmt: skip
    return _frame(book, nothing, classes, before, lang)


# ---- steps

_COUNTED = ("gained", "undetermined", "first_gained")
_STEP = {
    "parameter": "str", "direction": "str", "from_value": "str", "to_value": "str", "gained": "int64",
    "undetermined": "int64", "step": "float64", "gained_by_scale": "float64", "first_value": "str",
    "first_gained": "int64", "first_by_scale": "float64",
}  # fmt: skip


def _steps(book: Rulebook, track: Track, lang: str) -> list[tuple[object, ...]]:
    """A row for each direction in which there is a next value."""
    good, open_ = track.counts[0, :, PRE_QUALIFIED], track.counts[0, :, UNDETERMINED]
    shown = [book.show(track.slider.parameter, value, lang) for value in track.values]
    rows: list[tuple[object, ...]] = []
    for direction, path in _ways(book, track):
        path = [at for at in path if track.allowed[at]]
        if not path:
            continue
        gained = good - good[track.here]
        steps = _in_scales(book, track)
        first = next((at for at in path if gained[at]), None)
        to = path[0]
        told: tuple[object, ...] = ("", 0, np.nan) if first is None else (
            shown[first], gained[first], gained[first] / steps[first]
        )  # fmt: skip
        rows.append((
            name_of(track.slider), direction, shown[track.here], shown[to], gained[to],
            open_[to] - open_[track.here], steps[to], gained[to] / steps[to], *told,
        ))  # fmt: skip
    return rows


def _ways(book: Rulebook, track: Track) -> list[tuple[str, list[int]]]:
    """The directions in which a parameter can go from where it stands, and the values that lie there, in order."""
    order, here = list(range(len(track.values))), track.here
    if track.directions == {True}:  # higher is looser, and not set loosest of all
        order = sorted(order, key=lambda at: (track.values[at] is None, at))
        return [("loosen", _after(order, here)), ("tighten", _after(order[::-1], here))]
    if track.directions == {False}:
        return [("loosen", _after(order[::-1], here)), ("tighten", _after(order, here))]
    kind = "both" if track.directions == {True, False} else "unknown"
    if book.parameters[track.slider.parameter].type == "text":  # a choice has no neighbours
        return [(kind, [at]) for at in order if at != here]
    return [(kind, _after(order, here)), (kind, _after(order[::-1], here))]


def _after(order: list[int], here: int) -> list[int]:
    return order[order.index(here) + 1 :]


def _in_scales(book: Rulebook, track: Track) -> Array:
    """(values,) how far each lies from the value in force, in scales."""
    scale = scale_of(book, track.slider.parameter)
    if scale is None:
        return np.full(len(track.values), np.nan)
    held = track.numbers * (MINOR_UNITS if book.parameters[track.slider.parameter].type == "money" else 1)
    with np.errstate(divide="ignore"):
        return scale.measure(held[track.here], held)


def _last_first(table: pd.DataFrame) -> list[Array]:
    """Keys to sort by, the last first: what gains at once before what gains later, before what loses."""
    gained, first = (table[name].to_numpy(np.float64) for name in ("gained", "first_gained"))
    by_scale, later = (table[name].fillna(-np.inf).to_numpy() for name in ("gained_by_scale", "first_by_scale"))
    return [-first, -later, -gained, -by_scale, -np.sign(first), -np.sign(gained)]
