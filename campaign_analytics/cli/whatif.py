"""``campaign-analytics whatif``: who comes in and who drops out if the rulebook were another."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import pandas as pd

from campaign_analytics.charts.tables import Table, table
from campaign_analytics.cli.asked import Asked, assessed, in_parts, noted, print_written, rulebook
from campaign_analytics.cli.rulebook import default_rulebook
from campaign_analytics.cli.terminal import Progress, bold, print_table
from campaign_analytics.errors import CampaignError
from campaign_analytics.large.assessing import what_if_cube
from campaign_analytics.large.engine import ENGINES
from campaign_analytics.large.fetching import FLIPS, fetch
from campaign_analytics.large.index import Index, is_index
from campaign_analytics.large.limit import Limit
from campaign_analytics.report.write import TABLES, ending, write_table
from campaign_analytics.rulebook.scenario import differences, load_scenario
from campaign_analytics.rulebook.values import ONE_VALUE
from campaign_analytics.simulate.what_if import WhatIf
from campaign_analytics.words import say

_FLIPS = 8
_PLACES = 16


def whatif(asked: argparse.Namespace) -> None:
    """Read, assess, change what is asked for, and tell what follows."""
    if asked.out:
        ending(asked.out, TABLES)
    with Progress() as progress:
        asked_for = _baseline(asked, progress)
        what_if = _changed(asked, asked_for)
        by = asked.by or asked_for.result.book.header.category
        whole, classes = what_if.summary(lang=asked.lang), what_if.summary(by=by, lang=asked.lang)
        curve = what_if.curve(asked.curve, lang=asked.lang) if asked.curve else None
        progress.say("looking who turns")
        flips = _flips(asked, asked_for, what_if, progress)
        written = _written(asked, what_if, flips)
    scenario = what_if.scenario(say("whatif_changed", asked.lang))
    changed = scenario.diff(lang=asked.lang)[["label", "clause", "old", "new"]]
    asked_for.notes.extend(str(fault) for fault in scenario.warnings)
    if asked.json:
        answer = {
            "changed": changed.to_dict("records"),
            "summary": whole.iloc[0].to_dict(),
            "by": _rows(classes),
            "flips": _rows(flips.head(_FLIPS)),
            "curve": [] if curve is None else _rows(curve),
            "notes": asked_for.notes,
            "written": written,
        }
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    print(bold(_headline(whole, asked.lang), sys.stdout))
    for title, shown in _tables(what_if, changed, classes, flips, curve, asked.lang).items():
        if len(shown.frame):
            print(f"\n{title}")
            print_table(shown)
    for note in (*asked_for.notes, *whole.attrs.get("note", "").splitlines()):
        print(say("cli_note", asked.lang, note=note))
    if written:
        print_written(written, asked.lang)


def _baseline(asked: argparse.Namespace, progress: Progress) -> Asked:
    """The market as the rulebook has it; of one in files a cube of what is moved, of an index all of its codes."""
    unset = argparse.Namespace(**vars(asked) | {"set": None})
    book, notes = rulebook(asked.rulebook or default_rulebook(), asked.variant, {})
    if not in_parts(asked, book):
        return assessed(unset, progress)
    with noted(notes):
        if is_index(asked.market):
            progress.say(f"reading {asked.market}")
            index = Index.open(asked.market, book, asked.as_of)
            held = WhatIf(index).assessed(book)
            Limit.of(asked.memory_limit).check(0, index.rows)
            return Asked(held, {}, notes)
        moved = [*dict(asked.set or ()), *([asked.curve] if asked.curve else [])]
        if asked.scenario:
            moved += differences(book, load_scenario(asked.scenario, book).book)
        explore = list(dict.fromkeys(ONE_VALUE.sub(r"\g<name>", name) for name in moved))
        if asked.off or not explore:
            raise CampaignError(
                "of a market in parts thresholds can be moved, by --set, --curve or --scenario; to leave rules out, "
                "make an index of it (campaign-analytics index) and give that"
            )
        cube = what_if_cube(
            asked.market, book, explore, [asked.by] if asked.by else [], asked.as_of, progress.bar("counting"),
            engine=asked.engine or ENGINES[0], memory_limit=asked.memory_limit,
        )  # fmt: skip
    return Asked(cube, {}, notes)


def _flips(asked: argparse.Namespace, asked_for: Asked, what_if: WhatIf, progress: Progress) -> pd.DataFrame:
    """Who turns; of counts fetched from the market behind them."""
    most = None if asked.out else _FLIPS
    if not what_if.baseline.market.rest_of:
        return what_if.flips(n=most, lang=asked.lang)
    try:
        some = fetch(what_if, FLIPS, n=most or sys.maxsize, progress=progress.bar("looking who turns"))
    except CampaignError as error:
        if asked.out:
            raise
        asked_for.notes.append(str(error))
        return pd.DataFrame(columns=["offer_id", "turned", "clause", "because"])
    return some.flips(lang=asked.lang)


def _changed(asked: argparse.Namespace, asked_for: Asked) -> WhatIf:
    """The what-if of the baseline with a scenario on top, and what is set and left out by hand on top of that."""
    what_if = WhatIf(asked_for.result)
    if asked.scenario:
        what_if.load(load_scenario(asked.scenario, asked_for.result.book))
    return what_if.set(dict(asked.set or ())).switch_off(*(asked.off or ()))


def _written(asked: argparse.Namespace, what_if: WhatIf, flips: pd.DataFrame) -> list[str]:
    written = []
    if asked.out:
        sheet = table(flips, what_if.book, asked.lang, len(flips))
        write_table(asked.out, flips, {say("whatif_flips", asked.lang): sheet})
        written.append(str(asked.out))
    if asked.save:
        written.append(str(what_if.scenario(asked.save.stem).save(asked.save)))
    return written


def _headline(whole: pd.DataFrame, lang: str) -> str:
    row = whole.iloc[0]
    names = ("baseline", "pre_qualified", "change", "gained", "lost", "offers", "undetermined")
    return say("whatif_answer", lang, **{name: int(row[name]) for name in names})


def _tables(
    what_if: WhatIf,
    changed: pd.DataFrame,
    classes: pd.DataFrame,
    flips: pd.DataFrame,
    curve: pd.DataFrame | None,
    lang: str,
) -> dict[str, Table]:
    """The tables in the order in which they are read, each under its title."""
    book = what_if.book
    moved = classes[classes["change"].ne(0) | classes["gained"].ne(0)] if what_if.changed else classes
    told = flips[["offer_id", "turned", "clause", "because"]].assign(
        turned=[say(each, lang) for each in flips["turned"]]
    )
    tables = {
        say("whatif_changed", lang): table(changed, book, lang, len(changed)),
        say("whatif_classes", lang): table(moved.drop(columns="ineligible"), book, lang),
        say("whatif_flips", lang): table(told, book, lang, _FLIPS),
    }
    if curve is not None:
        label = str(curve["parameter"].iloc[0])
        title = say("whatif_curve", lang, label=_label(what_if, label, lang))
        tables[title] = table(_thinned(curve, lang), book, lang, len(curve))
    return tables


def _label(what_if: WhatIf, name: str, lang: str) -> str:
    slider = what_if.slider(name)
    label = what_if.book.parameters[slider.parameter].label(lang, slider.parameter)
    return f"{label} [{slider.of}]" if slider.of else label


def _thinned(curve: pd.DataFrame, lang: str) -> pd.DataFrame:
    """The ends, the values in force, and of those at which a count changes at most so many, evenly picked."""
    counts = curve[["pre_qualified", "undetermined"]]
    turns = curve.index[(counts != counts.shift()).any(axis=1)]
    picked = turns[:: -(-len(turns) // _PLACES)]
    kept = curve[curve.index.isin([0, *picked, len(curve) - 1]) | curve["present"] | curve["default"]]
    marks = [
        say("whatif_here", lang) if present else say("whatif_default", lang) if default else ""
        for present, default in zip(kept["present"], kept["default"], strict=True)
    ]
    shown = {"set_to": kept["value"], **{name: kept[name] for name in ("pre_qualified", "change", "undetermined")}}
    return pd.DataFrame(shown).assign(mark=marks).reset_index(drop=True)


def _rows(frame: pd.DataFrame) -> list[Any]:
    rows: list[Any] = json.loads(frame.to_json(orient="records", force_ascii=False))
    return rows
