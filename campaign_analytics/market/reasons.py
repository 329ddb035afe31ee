"""What reading says of cells, rows and columns, in Chinese (``reasons.toml``); the English stands where it is said."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

_GAP = re.compile(r"\{\}")


def in_chinese(reason: str) -> str:
    """A reason in Chinese; as it stands where the catalogue has none of its form."""
    for form, chinese in _forms():
        found = form.fullmatch(reason)
        if found:
            return chinese.format(*found.groups())
    return reason


def every_reason() -> str:
    """All texts of the catalogue in one: what a font must be able to show."""
    return "".join(_catalogue().values())


@cache
def _catalogue() -> dict[str, str]:
    held: dict[str, str] = tomllib.loads(
        resources.files("campaign_analytics.market").joinpath("reasons.toml").read_text("utf-8")
    )
    return held


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Each form, those with the fewest gaps first: what is said word for word wins."""
    forms = sorted(_catalogue().items(), key=lambda pair: pair[0].count("{}"))
    return [(re.compile("(.+?)".join(map(re.escape, _GAP.split(form))), re.DOTALL), chinese) for form, chinese in forms]
