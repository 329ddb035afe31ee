"""How people spell what a tidy export spells in one way (``words.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Notes(_Part):
    """Rows that hold no data."""

    above: tuple[str, ...]
    below: tuple[str, ...]
    total: tuple[str, ...]
    subtotal: str
    groups: tuple[str, ...]  # headers above headers


class Unknown(_Part):
    """Columns that no table has, with a cell of each."""

    headers: dict[str, str]


class Files(_Part):
    """Names of files, {table} or a {number} in them."""

    stems: tuple[str, ...]
    sheet: str  # an empty sheet
    tables: dict[str, str]


class Sets(_Part):
    """Ways to write a set of a list."""

    nothing: tuple[str, ...] = ()  # none of it
    but: tuple[str, ...] = ()  # all but {}


class Words(_Part):
    """The whole file."""

    missing: dict[str, tuple[str, ...]]  # type, or "any" -> marks of a cell that is not known
    flags: tuple[tuple[str, str], ...]  # no and yes
    units: dict[str, tuple[str, ...]]  # type -> units written behind a number
    headers: dict[str, tuple[str, ...]]  # type, or "any" -> what is written behind a header
    required: tuple[str, ...]  # marks of a header that must be filled in, {} its place
    notes: Notes
    unknown: Unknown
    files: Files
    lists: dict[str, dict[str, tuple[str, ...]]]  # list -> name -> other spellings of it
    sets: dict[str, Sets]


@cache
def load_words() -> Words:
    """Read the words once."""
    text = resources.files("campaign_analytics.demo.dirt").joinpath("words.toml").read_text("utf-8")
    return Words.model_validate(tomllib.loads(text))
