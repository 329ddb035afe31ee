"""What reading says, and why it can't read, in Chinese (``reasons.toml``); the English stands where it is said."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

_GAP = re.compile(r"(\{\*?\})")
#: In a form: what is a text of the catalogue itself.
_NESTED = "{*}"


class _Form(NamedTuple):
    """How something is said in English, and in Chinese."""

    pattern: re.Pattern[str]
    nested: tuple[bool, ...]  # which of its gaps hold a text of the catalogue
    chinese: str


def in_language(text: str, lang: str) -> str:
    """A reason or message in ``lang``, line by line; as it stands where the catalogue has none of its form."""
    if lang != "zh":
        return text
    lines = text.split("\n")
    chinese = [_in_chinese(line) for line in lines]
    if not any(chinese):
        return _in_chinese(text) or text
    return "\n".join(told or line for told, line in zip(chinese, lines, strict=True))


def every_reason() -> str:
    """All texts of the catalogue in one: what a font must be able to show."""
    return "".join(_catalogue().values())


def _in_chinese(text: str) -> str | None:
    """A text of the catalogue in Chinese; None where it is none."""
    for form in _forms():
        if found := form.pattern.fullmatch(text):
            parts = [
                _in_chinese(part) if nested else part for part, nested in zip(found.groups(), form.nested, strict=True)
            ]
            if None not in parts:
                return form.chinese.format(*parts)
    return None


@cache
def _catalogue() -> dict[str, str]:
    held: dict[str, str] = tomllib.loads(
        resources.files("campaign_analytics.market").joinpath("reasons.toml").read_text("utf-8")
    )
    return held


@cache
def _forms() -> list[_Form]:
    """Each form; those that say most themselves first, those with another text in them last."""
    held = sorted(_catalogue().items(), key=lambda pair: (_NESTED in pair[0], -len(_GAP.sub("", pair[0]))))
    forms = []
    for english, chinese in held:
        parts = _GAP.split(english)
        pattern = "".join("(.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
        forms.append(_Form(re.compile(pattern, re.DOTALL), tuple(gap == _NESTED for gap in parts[1::2]), chinese))
    return forms
