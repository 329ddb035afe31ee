"""NumPy, DuckDB, Spark and the scalar reading agree on every subject: for every rule of every rulebook, and for random
conditions. (Spark is asked about many rules at once: a question of it takes half a second.)"""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from campaign_analytics import load_rulebook
from campaign_analytics.engines.arrays import Program, evaluate, needed_columns
from campaign_analytics.rulebook.condition import parse
from campaign_analytics.rulebook.exact import Exact, PerValue, bind, columns
from campaign_analytics.rulebook.load import shipped_rulebooks
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.rulebook.scalar import Range, truth
from campaign_analytics.rulebook.tree import Col, Kind, Tree, operands, walk
from tests.engines.subjects import FAIL, NOON, PASS, UNKNOWN, cell, cells_of, known, near_values, outcomes_by_duckdb

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    BOOKS = {name: load_rulebook(name) for name in shipped_rulebooks()}
RULES = [(name, rule) for name, book in BOOKS.items() for rule in book.rules]
CLOCK = {"as_of": NOON, "today": NOON.date()}
NO_SHRINKING = (Phase.explicit, Phase.generate)  # hundreds of questions to Spark
OUTCOME = {True: PASS, False: FAIL, None: UNKNOWN}


def agree(tree: Tree, values: Any, kinds: dict[str, Kind], rows: list[dict[str, Any]]) -> None:
    exact = bind(tree, values)
    cells = {name: cells_of(kinds[name], [row[name] for row in rows]) for name in columns(exact)}
    no, unknown = evaluate(exact, cells, len(rows))
    by_numpy = [FAIL if n else UNKNOWN if u else PASS for n, u in zip(no, unknown, strict=True)]
    assert by_numpy == [OUTCOME[truth(tree, row, values)] for row in rows]
    assert by_numpy == outcomes_by_duckdb(exact, kinds, cells, len(rows))


@pytest.mark.parametrize(("name", "rule"), RULES)
@settings(max_examples=15)
@given(data=st.data())
def test_every_rule_has_one_outcome_on_every_engine(name: str, rule: str, data: st.DataObject) -> None:
    book = BOOKS[name]
    unset = {p: "0" for p in book.parameters_of(rule) if book.values[p] is None}
    book = book.set(unset)
    kinds = {
        column: kind_of(book.quantity(column), book.lists, book.header.currency) for column in book.columns_of(rule)
    }
    row = st.fixed_dictionaries({c: cell(kind, near_values(book, rule, kind)) for c, kind in kinds.items()})
    rows = data.draw(st.lists(row, min_size=1, max_size=25))
    values = {**book.values, **CLOCK}
    for tree in (book.conditions[rule], book.guards.get(rule)):
        if tree is not None and not any(
            _is_ladder(values[each.name], book) for each in operands(tree) if each.name in values
        ):
            agree(tree, values, kinds, rows)


def _is_ladder(value: Any, book: Any) -> bool:
    return isinstance(value, PerValue) and value.by in book.document.ladders


LEVELS, WORDS = ("low", "middle", "high", "top"), ("red", "green", "blue")
COLUMNS = {
    "n": Kind("count", "piece"), "m": Kind("count", "piece"), "p": Kind("money", "CNY"), "q": Kind("money", "CNY"),
    "r": Kind("rate"), "s": Kind("rate"), "g": Kind("number", "point"), "h": Kind("number", "point"),
    "lev": Kind("level", "", LEVELS), "lev2": Kind("level", "", LEVELS), "w": Kind("text", "", WORDS),
    "c": Kind("set", "", WORDS), "f": Kind("flag"), "d": Kind("day"), "e": Kind("day"), "t": Kind("time"),
}  # fmt: skip
PARAMETERS = {
    "count": Kind("count", "piece"), "share": Kind("rate"), "per_word": Kind("rate"), "per_level": Kind("count",
    "piece"), "sum": Kind("money", "CNY"), "score": Kind("number", "point"), "level": Kind("level", "", LEVELS),
    "words": Kind("set", "", WORDS), "word": Kind("text", "", WORDS), "days": Kind("count", "day"), "day": Kind("day"),
    "time": Kind("time"), "strict": Kind("flag"),
}  # fmt: skip
AMOUNTS = {
    "piece": [
        "n",
        "m",
        ":count",
        ":per_level",
        "0",
        "1",
        "n + m",
        "n - :count",
        ":share * n",
        ":per_word * m",
        "-n",
        "n - m - 1",
    ],
    "money": ["p", "q", ":sum", "0", ":share * q", "(1 - :share) * p", ":per_word * q", "p + q", "p - :share * q"],
    "rate": ["r", "s", ":share", "1 - :share", "0", "1", ":per_word"],
    "point": ["g", "h", ":score"],
    "level": ["lev", "lev2", ":level", "'middle'"],
    "day": ["d", "e", ":day", "today", "d + :days"],
    "span": ["d - e", "today - d", ":days", "0", "1"],
    "time": ["t", ":time", "as_of"],
}
SINGLE = [
    "f", "NOT f", ":strict", "w IN (:words)", "w NOT IN ('red', 'blue')", "w = 'green'", "w <> :word", "'red' IN (c)",
    ":word IN (c)", "c IN (:words)", "c NOT IN ('red', 'green')", "lev IN ('low', 'top')", "p IS NULL", "r IS NOT NULL",
    ":word = 'red'",
]  # fmt: skip


def _conditions() -> st.SearchStrategy[str]:
    compared = st.sampled_from(sorted(AMOUNTS)).flatmap(
        lambda kind: st.tuples(
            st.sampled_from(AMOUNTS[kind]),
            st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
            st.sampled_from(AMOUNTS[kind]),
        ).map(" ".join)
    )
    between = st.sampled_from(["n BETWEEN :count AND m", "g NOT BETWEEN :score AND h", "d BETWEEN e AND today"])
    leaf = compared | compared | st.sampled_from(SINGLE) | between
    return st.recursive(
        leaf,
        lambda inner: (
            st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({' '.join(t)})")
            | inner.map(lambda c: f"NOT ({c})")
        ),
        max_leaves=5,
    )


def _values(draw: Any) -> dict[str, Any]:
    share = st.decimals(0, 1, places=2)
    some_words = st.dictionaries(st.sampled_from(WORDS), share, max_size=3).map(lambda d: tuple(sorted(d.items())))
    some_levels = st.dictionaries(st.sampled_from(LEVELS), st.integers(0, 9), max_size=4).map(
        lambda d: tuple(d.items())
    )
    held = {
        "count": st.integers(0, 9), "share": share, "sum": st.integers(0, 9999), "score": st.decimals(0, 99, places=1),
        "level": st.sampled_from(LEVELS), "words": st.frozensets(st.sampled_from(WORDS)), "word":
        st.sampled_from(WORDS),
        "days": st.integers(0, 400), "day": known(Kind("day")), "time": known(Kind("time")),
        "strict": st.booleans(),
        "per_word": st.builds(PerValue, st.just("w"), some_words, st.none() | share),
        "per_level": st.builds(PerValue, st.just("lev"), some_levels, st.none() | st.integers(0, 9)),
    }  # fmt: skip
    return {name: draw(strategy) for name, strategy in held.items()} | CLOCK


@settings(max_examples=400)
@given(data=st.data())
def test_random_conditions_have_one_outcome_on_every_engine(data: st.DataObject) -> None:
    text = data.draw(_conditions())
    tree, problems = parse(text, COLUMNS, PARAMETERS)
    if tree is None:  # two literals, or parameters of two kinds: refused, which is what the parser is for
        assert problems
        return
    values = _values(data.draw)
    if _varies_by_two(tree, values):
        return
    used = {each.name for each in operands(tree) if isinstance(each, Col)} | {"w", "lev"}
    row = st.fixed_dictionaries(
        {name: cell(COLUMNS[name], _pool(values, COLUMNS[name]), name not in _twice(tree)) for name in sorted(used)}
    )
    agree(tree, values, COLUMNS, data.draw(st.lists(row, min_size=1, max_size=12)))


def _varies_by_two(tree: Tree, values: dict[str, Any]) -> bool:
    return len({values[each.name].by for each in operands(tree) if isinstance(values.get(each.name), PerValue)}) > 1


def _twice(tree: Tree) -> set[str]:
    """Columns that one comparison names twice: the scalar reading takes a range's two places for two numbers."""
    named = [[each.name for each in operands(leaf) if isinstance(each, Col)] for leaf in walk(tree)]
    return {name for names in named for name in names if names.count(name) > 1}


def _pool(values: dict[str, Any], kind: Kind) -> list[Any]:
    return [
        values[name]
        for name, held in PARAMETERS.items()
        if held == kind and not isinstance(values[name], PerValue | frozenset)
    ]


def engines_agree(rules: list[tuple[int, Exact]], kinds: dict[str, Kind], rows: list[dict[str, Any]]) -> None:
    from campaign_analytics.engines import duckdb, spark

    read = needed_columns([exact for _, exact in rules])
    cells = {name: cells_of(kinds[name], [row[name] for row in rows]) for name in sorted(read)}
    expected = Program(rules, cells).run(len(rows))
    np.testing.assert_array_equal(duckdb.Query(rules, cells).run(len(rows)), expected)
    np.testing.assert_array_equal(spark.Query(rules, cells).run(len(rows)), expected)


@pytest.mark.parametrize("name", BOOKS)
@settings(max_examples=3, phases=NO_SHRINKING)
@given(data=st.data())
def test_all_rules_of_a_book_have_one_outcome_in_spark(spark: Any, name: str, data: st.DataObject) -> None:
    book = BOOKS[name]
    for rule in book.rules:
        book = book.set({p: "0" for p in book.parameters_of(rule) if book.values[p] is None})
    values = {**book.values, **CLOCK}
    exact = [
        bind(tree, values)
        for trees in (book.conditions, book.guards)
        for tree in trees.values()
        if not any(_is_ladder(values[each.name], book) for each in operands(tree) if each.name in values)
    ]
    kinds = {
        column: kind_of(book.quantity(column), book.lists, book.header.currency)
        for column in sorted(needed_columns(exact))
    }
    near = {
        column: [
            value
            for rule in book.rules
            if column in book.columns_of(rule)
            for value in near_values(book, rule, kind)
            if not kind.names or value in kind.names
        ]
        for column, kind in kinds.items()
    }
    row = st.fixed_dictionaries({column: cell(kind, near[column]) for column, kind in kinds.items()})
    engines_agree(list(enumerate(exact)), kinds, data.draw(st.lists(row, min_size=1, max_size=6)))


@settings(max_examples=10, phases=NO_SHRINKING)
@given(data=st.data())
def test_random_conditions_have_one_outcome_in_spark(spark: Any, data: st.DataObject) -> None:
    rules, near = list[tuple[int, Exact]](), dict[str, list[Any]]()
    for text in data.draw(st.lists(_conditions(), min_size=10, max_size=20)):
        tree, _ = parse(text, COLUMNS, PARAMETERS)
        values = _values(data.draw)
        if tree is None or _varies_by_two(tree, values):
            continue
        rules.append((len(rules), bind(tree, values)))
        for name, kind in COLUMNS.items():
            near.setdefault(name, []).extend(_pool(values, kind))
    row = st.fixed_dictionaries({name: cell(kind, near.get(name, ())) for name, kind in COLUMNS.items()})
    engines_agree(rules, COLUMNS, data.draw(st.lists(row, min_size=1, max_size=8)))


def test_sums_beyond_64_bits_stay_exact() -> None:
    tree, _ = parse("p <= :share * q", COLUMNS, PARAMETERS)
    assert tree is not None
    huge = 2**62 // 3
    rows = [{"p": huge * 19 // 20 + k, "q": huge} for k in (-1, 0, 1)]
    agree(tree, {"share": Decimal("0.95")}, COLUMNS, rows)


@pytest.mark.parametrize("word", ["order", "group", "primary", "check", "only", "to", "do", "both", "lambda"])
def test_a_column_may_have_a_name_that_an_engine_reserves(word: str) -> None:
    kinds = {word: Kind("count", "piece")}
    tree, _ = parse(f"{word} >= :count OR {word} IS NULL", kinds, PARAMETERS)
    assert tree is not None
    agree(tree, {"count": 2}, kinds, [{word: value} for value in (1, 2, None, Range(1, 2))])
