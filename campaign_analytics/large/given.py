"""Whether what was given is of a kind that can be taken: if not, what was expected is said, before anything is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os import PathLike
from typing import cast

import pandas as pd

from campaign_analytics.errors import CampaignError, shown
from campaign_analytics.rulebook.book import Rulebook

_PATH = str, PathLike


def check_market(market: object, *others: type) -> None:
    """Raise ``CampaignError`` for what is no path and none of ``others``."""
    if isinstance(market, (*_PATH, *others)):
        return
    names = [f"{'an' if kind.__name__[0] in 'AEIO' else 'a'} {kind.__name__}" for kind in others]
    tables = isinstance(market, pd.DataFrame | dict)
    raise CampaignError(
        f"market={shown(market)}: expected {', '.join([*names, 'or a path'] if names else ['a path'])}; "
        + ("ca.read_market reads DataFrames by the names of their tables" if tables else "ca.read_market reads exports")
    )


def check_rulebook(book: object) -> None:
    """Raise ``CampaignError`` for what is none."""
    if not isinstance(book, Rulebook):
        name = repr(book) if isinstance(book, str) else "its name, or the path of its file"
        raise CampaignError(f"rulebook={shown(book)}: expected a rulebook: ca.load_rulebook({name})")


def check_names(what: str, names: object, one: bool = False) -> None:
    """Raise ``CampaignError`` for what are no names; with ``one``, a text is taken for one."""
    if isinstance(names, str) and one:
        return
    listed = isinstance(names, Collection) and not isinstance(names, str | bytes | pd.DataFrame)
    if not (listed and all(isinstance(name, str) for name in cast(Collection[object], names))):
        such = [names] if isinstance(names, str) else ["one", "other"]
        raise CampaignError(f"{what}={shown(names)}: expected a list of names, such as {such}")


def check_path(what: str, path: object) -> None:
    """Raise ``CampaignError`` for what is none."""
    if not isinstance(path, _PATH):
        raise CampaignError(f"{what}={shown(path)}: expected a path, as text")


def check_progress(progress: object) -> None:
    """Raise ``CampaignError`` for what can't be called."""
    if progress is not None and not callable(progress):
        raise CampaignError(f"progress={shown(progress)}: expected a function of the offers done and of all offers")


def check_asked(which: object, where: object, n: object) -> None:
    """Raise ``CampaignError`` for what tells no offers, or not how many."""
    if not isinstance(which, str):
        raise CampaignError(f"which={shown(which)}: expected a text, such as 'near_misses'")
    if where is not None and not isinstance(where, Mapping):
        raise CampaignError(f'where={shown(where)}: expected columns and what they hold, such as {{"offer_id": "…"}}')
    if not isinstance(n, int) or n < 0:
        raise CampaignError(f"n={shown(n)}: expected how many offers to fetch at the most")
