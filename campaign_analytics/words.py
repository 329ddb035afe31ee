"""Our own words, in both languages, from the one catalogue beside this file (``words.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("campaign_analytics").joinpath("words.toml").read_text("utf-8"))


def known(key: str) -> bool:
    """Whether the catalogue holds a text called ``key``."""
    return key in _catalogue()


def say(key: str, lang: str = "en", /, **values: Any) -> str:
    """The text ``key`` in ``lang`` ("en" or "zh"), its ``{places}`` filled with ``values``.

    Raises ValueError for a language that we don't speak, KeyError for a text that is not in the catalogue.
    """
    texts = _catalogue()[key]
    if lang not in texts:
        raise ValueError(f"lang={lang!r}: expected 'en' or 'zh'")
    return texts[lang].format(**values)


def every_word() -> str:
    """All texts of the catalogue in one: what a font must be able to show."""
    return "".join(text for texts in _catalogue().values() for text in texts.values())
