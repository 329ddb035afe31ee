"""The closed catalogue of recipes: what each needs, so that a rulebook's derived columns are checked when it loads.

The recipes themselves stand in ``derive``, one a file; one that has no file yet leaves the rules on it "not computed".
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Needs: TypeAlias = Literal[
    "column", "columns", "row_column", "merchant_column", "value", "value_by_unit", "list", "table", "where"
]  # fmt: skip

#: recipe -> argument -> what it takes; a name that ends in ? may be left out. ``column`` is a column of the derived
#: column's own rows (for offers also one of their merchants) or ``as_of``; ``row_column`` one of ``table``;
#: ``merchant_column`` one in which a merchant's row names another merchant; ``value`` a literal or ":parameter",
#: ``value_by_unit`` also a parameter that varies by the column ``unit``; ``list`` the name of a list; ``where`` a
#: condition over the columns of ``table``.
RECIPES: dict[str, dict[str, Needs]] = {
    "first_known": {"columns": "columns"},
    "earliest": {"table": "table", "time": "row_column"},
    "day_of": {"time": "column"},
    "pieces": {
        "quantity": "column", "unit": "column", "batch?": "column", "policy": "value", "piece_units": "value",
        "unit_sizes?": "value_by_unit",
    },
    "uncovered_regions": {
        "list": "column", "flag": "column", "free_from?": "column", "quantity?": "column",
        "conflict": "value", "assume_standard": "value", "standard": "value",
    },
    "months_since_event": {
        "table": "table", "where?": "where", "date": "row_column", "at": "column",
        "links?": "merchant_column", "identifiers?": "columns", "max_link_depth?": "value", "max_shared?": "value",
        "placeholders?": "list",
    },
    "events": {
        "table": "table", "where?": "where", "at": "row_column", "from?": "column", "until": "column",
        "days?": "value", "this_year?": "value", "sum?": "row_column",
    },
    "count_rows": {"table": "table", "where?": "where"},
    "extreme_price": {
        "table": "table", "where?": "where", "price": "row_column", "at": "row_column", "until": "column",
        "days": "value", "include_until?": "value", "in_force?": "value", "extreme": "value",
    },
    "worst_row": {
        "table": "table", "take": "row_column", "part": "row_column", "whole": "row_column", "from?": "row_column",
        "at?": "column",
    },
    "rank": {"of": "column", "within?": "column", "where?": "where", "highest_first?": "value"},
    "largest_share": {"table": "table", "of": "row_column"},
    "is_largest_share": {"table": "table", "of": "row_column", "own": "column"},
    "claims_found": {"columns": "columns", "claims": "list", "harmless?": "list"},
    "working_days_after": {"time": "column", "days": "value", "count_day?": "value"},
}  # fmt: skip


#: The types that an argument may have; "made" is the type, unit and list of what is made.
TYPES: dict[str, dict[str, tuple[str, ...]]] = {
    "first_known": {"columns": ("made",)},
    "earliest": {"time": ("made",)},
    "day_of": {"time": ("time",)},
    "pieces": {
        "quantity": ("count",), "unit": ("text",), "batch": ("count",), "policy": ("text",), "piece_units": ("set",),
        "unit_sizes": ("count",),
    },
    "uncovered_regions": {
        "list": ("made",), "flag": ("flag",), "free_from": ("count",), "quantity": ("count",), "conflict": ("text",),
        "assume_standard": ("flag",), "standard": ("set",),
    },
    "months_since_event": {
        "date": ("day",), "at": ("day",), "links": ("text",), "identifiers": ("text",), "max_link_depth": ("count",),
        "max_shared": ("count",),
    },
    "events": {
        "at": ("day", "time"), "from": ("day",), "until": ("day",), "days": ("count",), "this_year": ("flag",),
        "sum": ("made",),
    },
    "extreme_price": {
        "price": ("made",), "at": ("day", "time"), "until": ("day",), "days": ("count",), "include_until": ("flag",),
        "in_force": ("flag",), "extreme": ("text",),
    },
    "worst_row": {
        "take": ("made",), "part": ("count", "money"), "whole": ("count", "money"), "from": ("count",),
        "at": ("count",),
    },
    "rank": {
        "of": ("count", "number", "rate", "money", "level", "day", "time"), "within": ("text", "level"),
        "highest_first": ("flag",),
    },
    "largest_share": {"of": ("made",)},
    "is_largest_share": {"of": ("text", "level"), "own": ("text", "level")},
    "claims_found": {"columns": ("text",)},
    "working_days_after": {"time": ("day", "time"), "days": ("count",), "count_day": ("flag",)},
}  # fmt: skip

#: The types that a recipe makes, where these are not those of its arguments alone.
MAKES: dict[str, tuple[str, ...]] = {
    "earliest": ("day", "time"), "day_of": ("day",), "pieces": ("count",), "uncovered_regions": ("set",),
    "months_since_event": ("count",), "events": ("count", "money"), "count_rows": ("count",),
    "extreme_price": ("money",), "rank": ("count", "rate"), "largest_share": ("text", "level"),
    "is_largest_share": ("flag",), "claims_found": ("count",), "working_days_after": ("day",),
}  # fmt: skip

#: The words that an argument may be; a parameter given for it may have no other options.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "pieces": {"policy": ("listed", "pieces")},
    "uncovered_regions": {"conflict": ("unknown", "list", "flag")},
    "extreme_price": {"extreme": ("lowest", "highest", "latest")},
}

#: Arguments whose columns tie merchants together: then one's value depends on the rows of others.
TIES: dict[str, tuple[str, ...]] = {"months_since_event": ("identifiers", "links")}

#: Tables whose rows belong to one offer each, and so to its merchant; rows of all others belong to a merchant.
OF_OFFERS = ("skus", "price_tiers", "price_history", "transactions")


def optional(recipe: str, argument: str) -> bool:
    """Whether an argument of a recipe may be left out (or be a parameter that is not set)."""
    return f"{argument}?" in RECIPES[recipe]


def needs_of(recipe: str) -> dict[str, Needs]:
    """What each argument of a recipe takes."""
    return {name.rstrip("?"): kind for name, kind in RECIPES[recipe].items()}
