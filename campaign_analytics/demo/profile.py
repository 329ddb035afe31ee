"""What a demo profile file may say: categories, hidden factors, and for every column the distribution that fills it."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from campaign_analytics.demo.families import AnyFamily

PROFILES = Path(__file__).with_name("profiles")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Setting(_Part):
    """``[market]``: the moment the market is seen at, what its owner declares, and how many offers a merchant has."""

    rulebook: str = ""  # whose columns and lists are known beside those of the vocabulary
    as_of: date
    timezone: str
    penalty_feed_complete: bool
    offers_are_complete: bool
    offers_per_merchant: float  # mean
    offers_on: dict[str, float]  # factor -> power: a merchant's expected offers grow as exp(power x factor)
    in_main_category: float  # share of a merchant's offers that are of its main category


class Factor(_Part):
    """``[factors.x]``: a hidden standard-normal number of each merchant or offer that columns lean on."""

    table: str
    on: dict[str, float] = Field(default_factory=dict)  # other factors it leans on


class Category(_Part):
    """``[categories.x]``: how many merchants are of it, and by how many standard deviations its columns are shifted."""

    weight: float
    shift: dict[str, float] = Field(default_factory=dict)


class Rows(_Part):
    """``[rows.x]``: how many rows of a history table hang on each row of another.

    Rows that are made otherwise than the first ones stand under a name of their own, with their ``table``.
    """

    per: str
    mean: float = 0.0
    on: dict[str, float] = Field(default_factory=dict)
    spread: float = 0.0
    of_each: str = ""  # a count of the row they hang on, of which each row takes ...
    at_most: int = 1  # ... so many
    table: str = ""


class Profile(_Part):
    """A whole profile file; under ``columns`` the tables, each with its columns in the order they are made."""

    market: Setting
    factors: dict[str, Factor]
    categories: dict[str, Category]
    rows: dict[str, Rows]
    columns: dict[str, dict[str, AnyFamily]]

    @model_validator(mode="after")
    def _known(self) -> Profile:
        columns = {c for table in self.columns.values() for c in table}
        for name, category in self.categories.items():
            if unknown := sorted(category.shift.keys() - columns):
                raise ValueError(f"categories.{name}.shift: no such column: {', '.join(unknown)}")
        for table, families in self.columns.items():
            for column, family in families.items():
                if unknown := sorted({*family.on, *family.missing_on} - self.factors.keys()):
                    raise ValueError(f"columns.{table}.{column}: no such factor: {', '.join(unknown)}")
        return self


@cache
def load_profile(name: str) -> Profile:
    """Read and check a profile by its name. Raises ValueError that names those there are."""
    path = PROFILES / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PROFILES.glob("*.toml")))
        raise ValueError(f"there is no demo profile {name!r}; there are {known}")
    raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    return Profile.model_validate(raw)
