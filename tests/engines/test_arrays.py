"""The array engine: many rules at once give what each gives alone, chunk by chunk, in little memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from campaign_analytics.engines import arrays
from campaign_analytics.engines.arrays import CHUNK, RULES_PER_WORD, Program, evaluate, needed_columns
from campaign_analytics.engines.steps import Builder
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.condition import parse
from campaign_analytics.rulebook.exact import Exact, Fixed, Open, PerValue, bind
from campaign_analytics.rulebook.tree import Kind

WORDS = ("red", "green", "blue")
COLUMNS = {
    "n": Kind("count"), "m": Kind("count"), "price": Kind("money", "CNY"), "usual": Kind("money", "CNY"),
    "rate": Kind("rate"), "word": Kind("text", "", WORDS), "some": Kind("set", "", WORDS), "good": Kind("flag"),
    "level": Kind("level", "", ("low", "high")),
}  # fmt: skip
PARAMETERS = {"share": Kind("rate"), "least": Kind("count"), "by_word": Kind("rate")}
VALUES: dict[str, Any] = {"share": 1, "by_word": PerValue("word", (("red", 1), ("blue", 0)))}
TEXTS = [
    "n >= :least", "n > m", "n + m < :least", "price <= :share * usual", "price <= :by_word * usual", "rate >= :share",
    "word IN ('red', 'blue')", "some IN ('red', 'blue')", "'green' IN (some)", "good", "NOT good", "level = 'high'",
    "n IS NULL OR price > 0", "word = 'green' AND NOT (n = m OR rate < :share)", "n <> m", "m BETWEEN 0 AND :least",
]  # fmt: skip


def exact(text: str, **values: Any) -> Exact:
    tree, problems = parse(text, COLUMNS, PARAMETERS)
    assert tree is not None, problems
    return bind(tree, {**VALUES, "least": 3, **values})


def some_rules(count: int) -> list[Exact]:
    """So many different rules, some of them decided by nothing or by the parameters alone."""
    made = [exact(text, least=number) for number in range(count) for text in TEXTS][: count - 2]
    return [*made, Fixed(value=False), Open()]


def some_cells(rows: int, seed: int = 0) -> dict[str, Cells]:
    """Columns with missing cells, ranges, and none."""
    rng = np.random.default_rng(seed)

    def cells(kind: str, values: Array, missing: float = 0.0, wide: bool = False, names: tuple[str, ...] = ()) -> Cells:
        gone = rng.random(rows) < missing if missing else None
        high = values + rng.integers(0, 3, rows) if wide else None
        return Cells.make(kind, values, gone, high, names)

    return {
        "n": cells("count", rng.integers(0, 8, rows), 0.2, wide=True),
        "m": cells("count", rng.integers(0, 8, rows)),
        "price": cells("money", rng.integers(0, 40_000, rows), 0.1),
        "usual": cells("money", rng.integers(0, 40_000, rows)),
        "rate": cells("rate", rng.random(rows), 0.1),
        "word": cells("text", rng.integers(0, 3, rows), 0.1, names=WORDS),
        "some": cells("set", rng.integers(0, 8, rows), 0.1, names=WORDS),
        "good": cells("flag", rng.random(rows) < 0.5, 0.1),
        "level": cells("level", rng.integers(0, 2, rows), 0.1, names=("low", "high")),
    }


def bits(words: Array, bit: int) -> tuple[Array, Array]:
    """Where the rule of ``bit`` fails, and where it is unknown."""
    word, place = divmod(bit, RULES_PER_WORD)
    fails, unknown = (words[word] >> np.uint64(place + shift) & np.uint64(1) for shift in (0, RULES_PER_WORD))
    return fails.astype(bool), unknown.astype(bool)


def agree(words: Array, rules: Sequence[tuple[int, Exact]], cells: dict[str, Cells], rows: int) -> None:
    for bit, rule in rules:
        for together, alone in zip(bits(words, bit), evaluate(rule, cells, rows), strict=True):
            np.testing.assert_array_equal(together, alone)


# ---- many rules


@pytest.mark.parametrize(("count", "words"), [(2, 1), (31, 1), (32, 1), (33, 2), (64, 2), (70, 3), (97, 4)])
def test_many_rules_give_what_each_gives_alone(count: int, words: int) -> None:
    rows = 500
    cells, rules = some_cells(rows), list(enumerate(some_rules(count)))
    found = Program(rules, cells).run(rows)
    assert found.shape == (words, rows)
    assert found.dtype == np.uint64
    agree(found, rules, cells, rows)


def test_bits_may_lie_anywhere() -> None:
    rows = 300
    cells, rules = some_cells(rows), list(zip([69, 3, 40, 31, 32, 7, 8], some_rules(7), strict=True))
    found = Program(rules, cells).run(rows)
    agree(found, rules, cells, rows)
    used = sum(1 << bit for bit, _ in rules)
    for bit in range(96):
        if not used >> bit & 1:
            assert not any(plane.any() for plane in bits(found, bit))


def test_no_rule_fails_and_is_unknown_at_once() -> None:
    found = Program(list(enumerate(some_rules(70))), some_cells(1000)).run(1000)
    assert not (found & np.uint64(2**32 - 1) & (found >> np.uint64(32))).any()


def test_without_rules_nothing_is_found() -> None:
    assert Program([], {}).run(3).tolist() == [[0, 0, 0]]


# ---- chunks


@pytest.mark.parametrize("rows", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
def test_chunks_leave_no_seam(rows: int) -> None:
    """Cut at any length, subject by subject the same as where all is one chunk."""
    cells, rules = some_cells(rows), list(enumerate(some_rules(20)))
    found = Program(rules, cells).run(rows)
    assert found.shape == (1, rows)
    whole = CHUNK * 4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "CHUNK", whole)
        np.testing.assert_array_equal(found, Program(rules, cells).run(rows))


def test_a_tiny_chunk_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, rules = some_cells(100), list(enumerate(some_rules(40)))
    whole = Program(rules, cells).run(100)
    for size in (1, 3, 99, 100, 101):
        monkeypatch.setattr(arrays, "CHUNK", size)
        np.testing.assert_array_equal(Program(rules, cells).run(100), whole)


def test_a_program_runs_as_often_as_wanted() -> None:
    cells = some_cells(CHUNK + 9)
    program = Program(list(enumerate(some_rules(12))), cells)
    np.testing.assert_array_equal(program.run(CHUNK + 9), program.run(CHUNK + 9))


def test_progress_is_told_chunk_by_chunk() -> None:
    told: list[tuple[int, int]] = []
    rows = 2 * CHUNK + 5
    Program([(0, exact("good"))], some_cells(rows)).run(rows, progress=lambda done, all: told.append((done, all)))
    assert told == [(CHUNK, rows), (2 * CHUNK, rows), (rows, rows)]


# ---- into words that are there already


def test_the_bytes_of_other_rules_are_kept() -> None:
    """Merchants' bits are there already, gathered to their offers, in bytes of their own."""
    rows = CHUNK + 3
    cells = some_cells(rows)
    rules = [(0, exact("good")), (7, exact("n > m")), (40, exact("rate >= :share"))]
    alone = Program(rules, cells).run(rows)
    own = np.array([[0xFF | 0xFF << 32], [0xFF00 | 0xFF00 << 32]], np.uint64)
    held = np.random.default_rng(1).integers(0, 2**63, alone.shape, np.uint64) & ~own
    before = held.copy()
    found = Program(rules, cells).run(rows, into=held)
    assert found is held
    np.testing.assert_array_equal(found, before | alone)


def test_more_words_may_be_there_than_the_rules_take() -> None:
    cells = some_cells(10)
    held = np.full((3, 10), 2**40, np.uint64)
    found = Program([(1, exact("good"))], cells).run(10, into=held)
    assert (found[1:] == 2**40).all()
    agree(found & ~np.uint64(2**40), [(1, exact("good"))], cells, 10)


# ---- steps


def steps(*texts: str) -> int:
    builder = Builder(some_cells(10))
    for text in texts:
        builder.planes(exact(text))
    return len(builder.steps)


def test_equal_steps_are_made_once() -> None:
    one = steps("price <= :share * usual AND rate >= :share")
    assert steps("price <= :share * usual AND rate >= :share", "rate >= :share AND price <= :share * usual") == one
    assert steps("price <= :share * usual", "rate >= :share", "rate >= :share", "price <= :share * usual") < one + 1
    assert steps("price <= :by_word * usual", "price <= :by_word * usual") == steps("price <= :by_word * usual")


def test_a_column_without_missing_cells_or_ranges_has_one_plane() -> None:
    builder = Builder(some_cells(10))
    planes = builder.planes(exact("m >= :least"))
    assert planes.no == planes.doubt
    assert len(builder.steps) == 2  # the column, and one comparison


def test_what_is_decided_takes_no_step() -> None:
    builder = Builder(some_cells(10))
    for rule in (Fixed(value=True), Fixed(value=False), Open()):
        builder.planes(rule)
    assert builder.steps == []


def test_the_columns_that_are_needed() -> None:
    rules = [exact("n > m"), exact("price <= :by_word * usual"), Fixed(value=True)]
    assert needed_columns(rules) == {"n", "m", "price", "usual", "word"}


# ---- numbers at the ends of their types


@pytest.mark.parametrize("width", [8, 16, 32])
def test_no_sum_overflows_the_narrow_type_of_its_columns(width: int) -> None:
    most = 2 ** (width - 1) - 1
    cells = {
        "n": Cells.make("count", np.array([most, -most, most])),
        "m": Cells.make("count", np.array([most, most, -most])),
    }
    for text, fails in (
        ("n + m > 0", [False, True, True]),
        ("n - m > 0", [True, True, False]),
        ("n + n + m + m > n + m", [False, True, True]),
        ("-n < m", [False, True, True]),
    ):
        assert evaluate(exact(text), cells, 3)[0].tolist() == fails


def test_a_bound_beyond_the_type_of_its_column_is_no_wrap_around() -> None:
    cells = {"n": Cells.make("count", np.array([1, 2, 127]))}
    for bound, fails in ((300, True), (-300, False), (2**40, True), (-(2**70), False), (2**70, True)):
        assert evaluate(exact("n >= :least", least=bound), cells, 3)[0].all() == fails


# ---- memory


def test_a_million_offers_take_less_than_forty_bytes_each() -> None:
    """The words of the result (8 bytes) and all temporary arrays together."""
    rows = 1_000_000
    cells = some_cells(rows)
    program = Program(list(enumerate(some_rules(32))), cells)
    tracemalloc.start()
    try:
        found = program.run(rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.nbytes == 8 * rows
    assert peak < 40 * rows
    assert peak < 8 * rows + 150 * CHUNK  # what is beside the result does not grow with the offers
