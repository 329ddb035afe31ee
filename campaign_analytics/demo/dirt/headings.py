"""Headers as other people write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

import numpy as np

from campaign_analytics.demo.dirt.sheet import Column, Draft


def _each(draft: Draft, rng: np.random.Generator, share: float = 0.7) -> Iterator[Column]:
    for _, column in draft.columns():
        if rng.random() < share:
            yield column


def _written(draft: Draft, rng: np.random.Generator, spell: Callable[[Column], str], share: float = 0.7) -> int:
    made = 0
    for column in _each(draft, rng, share):
        header = spell(column)
        made += header != column.header
        column.header = header
    return made


def traditional(draft: Draft, rng: np.random.Generator) -> int:
    import opencc

    convert = opencc.OpenCC("s2t").convert
    return _written(draft, rng, lambda column: convert(column.header))


def english(draft: Draft, rng: np.random.Generator) -> int:
    return _written(draft, rng, lambda column: draft.book.columns[column.id].label("en", column.id), 1.0)


def names_of_columns(draft: Draft, rng: np.random.Generator) -> int:
    return _written(draft, rng, lambda column: column.id)


def other_names(draft: Draft, rng: np.random.Generator) -> int:
    """Any spelling that the vocabulary lists: platform fields, older names."""

    def alias(column: Column) -> str:
        aliases = draft.book.columns[column.id].aliases
        return aliases[rng.integers(len(aliases))] if aliases else column.header

    return _written(draft, rng, alias)


def full_width(draft: Draft, rng: np.random.Generator) -> int:
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    return _written(draft, rng, lambda column: column.header.translate(wide))


def upper_case(draft: Draft, rng: np.random.Generator) -> int:
    return _written(draft, rng, lambda column: column.header.upper())


def spaces_between_scripts(draft: Draft, rng: np.random.Generator) -> int:
    """近30天 48H 揽收率"""

    def spaced(column: Column) -> str:
        text = ""
        for char in column.header:
            wide = unicodedata.category(char) == "Lo"
            text += " " if text and (unicodedata.category(text[-1]) == "Lo") != wide else ""
            text += char
        return text

    return _written(draft, rng, spaced)


def line_breaks(draft: Draft, rng: np.random.Generator) -> int:
    """What Alt+Enter leaves in a cell."""

    def broken(column: Column) -> str:
        place = len(column.header) // 2
        return f"{column.header[:place]}\n{column.header[place:]}"

    return _written(draft, rng, broken)


def units_behind(draft: Draft, rng: np.random.Generator) -> int:
    def with_unit(column: Column) -> str:
        units = draft.words.headers.get(draft.book.columns[column.id].type, draft.words.headers["any"])
        return f"{column.header}{units[rng.integers(len(units))]}"

    return _written(draft, rng, with_unit)


def stars_of_required_ones(draft: Draft, rng: np.random.Generator) -> int:
    """A platform's template marks what must be filled in."""

    def starred(column: Column) -> str:
        ways = draft.words.required
        return ways[rng.integers(len(ways))].format(column.header)

    return _written(draft, rng, starred)


KINDS = (
    traditional,
    english,
    names_of_columns,
    other_names,
    full_width,
    upper_case,
    spaces_between_scripts,
    line_breaks,
    units_behind,
    stars_of_required_ones,
)
