"""What a condition may say, what it means, and what is refused, where and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.rulebook.condition import is_plain_name, parse, parse_amount
from campaign_analytics.rulebook.scalar import truth
from campaign_analytics.rulebook.tree import (
    And,
    Arith,
    Col,
    Compare,
    Flag,
    In,
    Kind,
    Lit,
    Null,
    Operand,
    Or,
    Param,
    Tree,
    negate,
    operands,
    walk,
)
from tests.engines.subjects import NOON, cell, known

MEDALS, KINDS, REGIONS = ("none", "A", "AA", "AAA"), ("company", "person"), ("north", "south", "west")
COLUMNS = {
    "orders": Kind("count", "orders"), "late": Kind("count", "orders"), "stock": Kind("count", "pieces"),
    "price": Kind("money", "CNY"), "list_price": Kind("money", "CNY"), "reply": Kind("rate"), "pickup": Kind("rate"),
    "score": Kind("number", "stars"), "growth": Kind("number", "points"), "medal": Kind("level", "", MEDALS),
    "legal": Kind("text", "", KINDS), "region": Kind("text", "", REGIONS), "town": Kind("text", "", ("Wu",), open=True),
    "town_of_shop": Kind("text", "", ("Wu",), open=True), "title": Kind("text"), "paid": Kind("set", "", REGIONS),
    "good": Kind("flag"), "chosen": Kind("flag"), "opened": Kind("day"), "closed": Kind("day"), "sold": Kind("time"),
}  # fmt: skip
PARAMETERS = {
    "many": Kind("count", "orders"), "few": Kind("count", "pieces"), "times": Kind("count"),
    "days": Kind("count", "day"), "sum": Kind("money", "CNY"), "share": Kind("rate"), "least": Kind("number", "stars"),
    "medal": Kind("level", "", MEDALS), "form": Kind("text", "", KINDS), "forms": Kind("set", "", KINDS),
    "far": Kind("set", "", REGIONS), "strict": Kind("flag"), "day": Kind("day"), "time": Kind("time"),
    "share_of_all": Kind("rate"),
}  # fmt: skip

CLOSED = "a condition is made of AND, OR, NOT, comparisons, IN, BETWEEN, IS NULL, + - * and names alone"

# text · what is said of it · where in the text (its first characters there; None: nowhere)
REFUSED: list[tuple[str, str, str | None]] = [
    # ---- no condition at all
    ("", "is empty", None),
    ("   ", "is empty", None),
    ("-- only a remark", "is empty", None),
    ("good AND", "something is missing near 'AND'", "AND"),
    ("orders >=", "something is missing near '>='", ">="),
    ("(good AND chosen", "Expecting ) near 'chosen'", "chosen"),
    ("good good", "unexpected 'good'", " good"),
    ("orders >= :many,", "unexpected ','", ","),
    ("medal = 'A", "cannot be read as a condition", None),
    ("`orders` >= :many", "cannot be read as a condition", "orders"),
    ("orders", "'orders' is a count (orders), not a condition", "orders"),
    ("good AND :many", "':many' is a count (orders), not a condition", ":many"),
    ("NOT price", "'price' is a money (CNY), not a condition", "price"),
    ("'A'", CLOSED, "'A'"),
    ("1", CLOSED, "1"),
    ("TRUE", CLOSED, None),
    ("1 = 1", "compares two numbers", "1 = 1"),
    # ---- traps: SQL that parses as something else
    ("price >= 3000 CNY", "unexpected 'CNY'", "CNY"),
    ("good; DROP TABLE offers", "unexpected 'DROP'", "DROP"),
    ("good; chosen", "holds more than one condition", None),
    ("DROP TABLE offers", "unexpected 'DROP'", "DROP"),
    ("SELECT 1", "unexpected 'SELECT'", "SELECT"),
    ("good UNION chosen", "unexpected 'UNION'", "UNION"),
    ("orders >= (SELECT 1)", "'(SELECT 1)' is not", "1"),
    ("EXISTS (SELECT 1)", CLOSED, "1"),
    ("orders IN (SELECT 1)", "is not allowed in a condition", "orders"),
    ("ATTACH 'x.db'", "unexpected", "'x.db'"),
    ("opened >= DATE '2024-01-01'", "'CAST('2024-01-01' AS DATE)' is not", "'2024"),
    ("orders::int = 1", "'CAST(orders AS INT)' is not", "orders"),
    ("sold >= CURRENT_TIMESTAMP", CLOSED, None),
    ("INTERVAL '1' day > :days", "'INTERVAL '1' DAY' is not", "'1'"),
    ("orders >= ：many", "unknown column '：many'", "：many"),
    ("orders >= ?", "a parameter is written :name", None),
    ("orders >= $1", "unknown column '$1'", "$1"),
    ("orders >= @many", CLOSED, None),
    ("good AS x", "unexpected 'AS'", "AS"),
    ("good ORDER BY orders", "unexpected 'ORDER BY'", "ORDER"),
    # ---- the closed list
    ("abs(orders) >= :many", f"'ABS(orders)' is not an amount; {CLOSED}", "abs"),
    ("lower(title) = 'x'", "'LOWER(title)' is not an amount", "lower"),
    ("load_file('x')", "'LOAD_FILE('x')' is not allowed", "load_file"),
    ("orders / late > :share", "'orders / late' is not an amount", "orders"),
    ("orders % late = 0", "'orders % late' is not an amount", "orders"),
    ("orders ^ late = 0", "is not an amount", "orders"),
    ("orders || late = 'x'", "is not allowed in a condition", "orders"),
    ("good || chosen", "is not allowed in a condition", "good"),
    ("good && chosen", "unexpected '&&'", "&&"),
    ("CASE WHEN good THEN late ELSE orders END > :many", "is not allowed in a condition", "good"),
    ("title LIKE 'r%'", CLOSED, "title"),
    ("title SIMILAR TO 'r'", CLOSED, "title"),
    ("orders IS NOT DISTINCT FROM late", CLOSED, "orders"),
    ("orders BETWEEN SYMMETRIC 0 AND 1", "is not allowed in a condition", "orders"),
    ("offers.orders >= :many", "'offers.orders' is not allowed in a condition", "offers"),
    ('"orders" >= :many', "is not allowed in a condition", '"orders"'),
    ("[orders] >= :many", "is not allowed in a condition", "orders"),
    ("orders[0] = 1", "is not allowed in a condition", "orders"),
    ("orders = ANY(late)", CLOSED, "late"),
    # ---- names
    ("order >= :many", "unknown column 'order'; did you mean 'orders'?", "order"),
    ("Orders >= :many", "unknown column 'Orders'; did you mean 'orders'?", "Orders"),
    ("orders >= :mny", "unknown parameter ':mny'; did you mean 'many'?", ":mny"),
    ("orders >= :xyz", "unknown parameter ':xyz'", ":xyz"),
    ("pickup >= :share_of_all AND pickup >= :share_of", "unknown parameter ':share_of'; did you", ":share_of;"),
    # ---- literals: 0 and 1, texts of the list
    ("orders >= 60", "the number 60 must be a parameter (only 0 and 1 are written)", "60"),
    ("good AND orders >= 1.5", "the number 1.5 must be a parameter", "1.5"),
    ("orders >= 1e3", "the number 1e3 must be a parameter", "1e3"),
    ("orders >= -1", "compares 'orders', a count (orders), with '-1', a literal", "orders"),
    ("price >= 1", "the number 1 is compared with a money (CNY)", "1"),
    ("medal >= 1", "the number 1 is compared with a level", "1"),
    ("opened >= 0", "the number 0 is compared with a day", "0"),
    ("good = 1", "the number 1 is compared with a flag", "1"),
    ("good = TRUE", "'TRUE' is not an amount", None),
    ("orders = NULL", "'NULL' is not an amount", None),
    ("orders = 'many'", "the text 'many' is compared with a count (orders)", "'many'"),
    ("medal >= 'AAAA'", "'AAAA' is not in its list; did you mean 'AAA'?", "'AAAA'"),
    ("legal = 'companies'", "'companies' is not in its list; did you mean 'company'?", "'companies'"),
    ("legal IN ('company', 'nobody')", "'nobody' is not in its list", "'nobody'"),
    ("'east' IN (paid)", "'east' is not in its list; did you mean 'west'?", "'east'"),
    # ---- types and units agree
    ("orders >= :few", "compares 'orders', a count (orders), with ':few', a count (pieces)", "orders"),
    ("stock >= late", "compares 'stock', a count (pieces), with 'late', a count (orders)", "stock"),
    ("price <= :share", "compares 'price', a money (CNY), with ':share', a rate", "price"),
    ("pickup >= :least", "compares 'pickup', a rate, with ':least', a number (stars)", "pickup"),
    ("growth >= :least", "a number (points), with ':least', a number (stars)", "growth"),
    ("orders >= :sum", "compares 'orders', a count (orders), with ':sum', a money (CNY)", "orders"),
    ("sold >= :day", "compares 'sold', a time, with ':day', a day", "sold"),
    ("sold >= today", "compares 'sold', a time, with 'today', a day", "sold"),
    ("opened >= as_of", "compares 'opened', a day, with 'as_of', a time", "opened"),
    ("closed - opened >= :many", "a count (day), with ':many', a count (orders)", "closed"),
    ("medal >= :form", "compares 'medal', a level, with ':form', a text", "medal"),
    ("legal = region", "compares values of two different lists", "legal"),
    ("region = :form", "compares values of two different lists", "region"),
    # ---- flags, texts, levels, sets
    ("good <> chosen", "a flag stands alone (write it bare, or NOT before it)", "good"),
    ("good = :strict", "a flag stands alone", "good"),
    ("legal > 'company'", "texts have no order; write =, <> or IN", "legal"),
    ("title = 'x'", "free text is not compared", "title"),
    ("town = town_of_shop", "two columns of an open list are not compared", "town"),
    ("paid = :far", "a set is not compared; write IN", "paid"),
    ("region IN (legal)", "IN ('legal') needs a set, not a text", "region"),
    ("legal IN (:form)", "IN (':form') needs a set, not a text", "legal"),
    ("legal IN (:far)", "'legal' and ':far' are of different lists", "legal"),
    ("paid IN (:forms)", "'paid' and ':forms' are of different lists", "paid"),
    ("orders IN (:far)", "'orders' is a count (orders); IN needs a text, a level or a set", "orders"),
    ("region IN (paid)", "two columns in one IN; a parameter or quoted values are expected", "region"),
    ("orders IN (0, 1)", "'orders' cannot be looked up in quoted values", "orders"),
    ("legal IN ()", "IN takes one set parameter, one set column, or quoted values", "legal"),
    ("legal IN (:forms, 'person')", "IN takes one set parameter, one set column, or quoted values", "legal"),
    ("legal IN :forms", "is not allowed in a condition", "legal"),
    # ---- IS NULL
    ("good IS TRUE", "IS is only for `column IS NULL` and `column IS NOT NULL`", "good"),
    (":many IS NULL", "IS is only for", ":many"),
    ("orders + late IS NULL", "IS is only for", "orders"),
    ("as_of IS NULL", "'as_of' is never missing", "as_of"),
    # ---- arithmetic: whole numbers and parameters alone
    ("pickup + reply >= :share", "'pickup' is a rate: it is compared, never calculated with", "pickup"),
    ("score * :times >= :least", "'score' is a number (stars): it is compared, never calculated with", "score"),
    ("-pickup <= :share", "'pickup' is a rate: it is compared, never calculated with", "pickup"),
    ("orders * late > :many", "multiplies two columns; one side must be parameters alone", "orders"),
    (":many * orders > :many", "multiplies a count (orders) by a count (orders)", ":many"),
    (":sum * orders > :sum", "multiplies a money (CNY) by a count (orders)", ":sum"),
    ("orders + stock > :many", "adds a count (orders) and a count (pieces)", "orders"),
    ("price - orders > :sum", "subtracts a money (CNY) and a count (orders)", "price"),
    ("opened + closed > today", "adds a day and a day", "opened"),
    ("opened + 1 > today", "the number 1 is compared with a day", "1"),
    ("opened * :times > today", "a day cannot be multiplied", "opened"),
    ("-opened < today", "'opened' is a day: it cannot be calculated with", "opened"),
    ("sold + :days > as_of", "'sold' is a time: it cannot be calculated with", "sold"),
    ("medal + :times > :medal", "'medal' is a level: it cannot be calculated with", "medal"),
    ("legal + 'x' = 'y'", "'legal' is a text: it cannot be calculated with", "legal"),
    ("orders + 'x' > :many", "cannot be calculated with", "'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "at"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(text: str, message: str, at: str | None, caplog: pytest.LogCaptureFixture) -> None:
    tree, problems = parse(text, COLUMNS, PARAMETERS)
    assert tree is None
    (problem,) = problems
    assert message in problem.message
    assert "sqlglot" not in problem.message
    assert "\x1b" not in problem.message  # no colour codes
    if at is None:
        assert problem.offset is None
    else:
        assert problem.offset is not None
        assert f"{text[problem.offset :]};".startswith(at.strip())
    assert not caplog.records  # nothing said beside the answer


def test_every_problem_of_a_condition_is_told() -> None:
    _, problems = parse("orders >= 60 AND (prise > 0 OR NOT town) AND good = 1 AND chosen", COLUMNS, PARAMETERS)
    assert [(p.message.split(";")[0], p.offset) for p in problems] == [
        ("the number 60 must be a parameter (only 0 and 1 are written)", 10),
        ("unknown column 'prise'", 18),
        ("'town' is a text, not a condition", 35),
        ("the number 1 is compared with a flag", 52),
    ]


@pytest.mark.parametrize(
    "text", ["(" * 5000 + "good" + ")" * 5000, "NOT " * 5000 + "good", "- " * 5000 + "orders > 0", "good AND (" * 3000]
)
def test_too_deep_a_nesting_is_refused(text: str) -> None:
    tree, (problem,) = parse(text, COLUMNS, PARAMETERS)
    assert tree is None
    assert "nested too deeply" in problem.message


@pytest.mark.parametrize("word", ["AND", "OR"])
def test_a_long_chain_is_no_deep_nesting(word: str) -> None:
    tree, problems = parse(f" {word} ".join(["good"] * 3000), COLUMNS, PARAMETERS)
    assert not problems
    assert isinstance(tree, And | Or)
    assert len(tree.parts) == 3000


# ---- what is accepted, in negation normal form

ACCEPTED = [
    ("good", "good"),
    ("NOT good", "NOT good"),
    ("!good", "NOT good"),
    ("NOT NOT (good)", "good"),
    (":strict", ":strict"),
    ("orders >= :many", "orders >= :many"),
    (":many <= orders", ":many <= orders"),
    ("orders != late", "orders <> late"),
    ("orders > 0 AND late = 1", "(orders > 0 AND late = 1)"),
    ("price > 0", "price > 0"),
    ("pickup < 1", "pickup < 1"),
    ("good -- a remark", "good"),
    ("good\n  AND /* a remark */ chosen", "(good AND chosen)"),
    # AND binds closer than OR; chains are flat
    ("good OR chosen AND :strict", "(good OR (chosen AND :strict))"),
    ("good AND (chosen AND :strict) AND good", "(good AND (chosen AND :strict) AND good)"),
    ("good OR chosen OR :strict", "(good OR chosen OR :strict)"),
    # NOT is pushed into the comparisons
    ("NOT orders >= :many", "orders < :many"),
    ("NOT orders < :many", "orders >= :many"),
    ("NOT orders > :many", "orders <= :many"),
    ("NOT orders = :many", "orders <> :many"),
    ("NOT orders <> :many", "orders = :many"),
    ("NOT (good AND orders <= late)", "(NOT good OR orders > late)"),
    ("NOT (good OR NOT (chosen AND NOT :strict))", "(NOT good AND (chosen AND NOT :strict))"),
    ("orders BETWEEN :many AND late", "(orders >= :many AND orders <= late)"),
    ("orders NOT BETWEEN :many AND late", "(orders < :many OR orders > late)"),
    # missing
    ("orders IS NULL", "orders IS NULL"),
    ("NOT orders IS NULL", "orders IS NOT NULL"),
    ("title IS NOT NULL", "title IS NOT NULL"),
    # levels and texts
    ("medal >= 'AA'", "medal >= 'AA'"),
    ("medal >= :medal", "medal >= :medal"),
    (":form = 'person'", ":form = 'person'"),
    ("legal <> :form", "legal <> :form"),
    ("NOT legal = 'person'", "legal <> 'person'"),
    ("town = 'Elsewhere'", "town = 'Elsewhere'"),
    ("legal IN ('person', 'company')", "legal IN ('person', 'company')"),
    ("legal NOT IN (:forms)", "legal NOT IN (:forms)"),
    ("medal IN ('A', 'AA')", "medal IN ('A', 'AA')"),
    ("paid IN (:far)", "paid IN (:far)"),
    ("'north' IN (paid)", "'north' IN (paid)"),
    ("NOT ('north' IN (paid))", "'north' NOT IN (paid)"),
    (":form IN (:forms)", ":form IN (:forms)"),
    # arithmetic
    ("late <= :share * orders", "late <= (:share * orders)"),
    ("late <= orders * :share AND orders > 0", "(late <= (orders * :share) AND orders > 0)"),
    ("price <= (1 - :share) * list_price", "price <= ((1 - :share) * list_price)"),
    ("price <= :share * :times * list_price", "price <= ((:share * :times) * list_price)"),
    ("price <= :times * list_price", "price <= (:times * list_price)"),
    ("orders - late >= :many", "(orders - late) >= :many"),
    ("orders + 1 > late", "(orders + 1) > late"),
    ("-orders < late", "(0 - orders) < late"),
    ("pickup >= 1 - :share", "pickup >= (1 - :share)"),
    # days and times
    ("closed - opened >= :days", "(closed - opened) >= :days"),
    ("today - opened < :days", "(:today - opened) < :days"),
    ("opened + :days <= today", "(opened + :days) <= :today"),
    ("sold >= :time AND sold < as_of", "(sold >= :time AND sold < :as_of)"),
    ("closed - opened > 0", "(closed - opened) > 0"),
]


def meaning(tree: Tree) -> str:
    """A tree as SQL, every junction in brackets."""
    match tree:
        case And(parts) | Or(parts):
            return f"({(' AND ' if isinstance(tree, And) else ' OR ').join(map(meaning, parts))})"
        case Compare(op, left, right):
            return f"{_operand(left)} {op} {_operand(right)}"
        case Null(column, negated):
            return f"{column.name} IS {'NOT ' * negated}NULL"
        case Flag(operand, negated):
            return "NOT " * negated + _operand(operand)
        case In(item, among, negated):
            held = ", ".join(map(repr, among)) if isinstance(among, tuple) else _operand(among)
            return f"{_operand(item)} {'NOT ' * negated}IN ({held})"


def _operand(operand: Operand) -> str:
    match operand:
        case Col(name):
            return name
        case Param(name):
            return f":{name}"
        case Lit(value):
            return repr(value)
        case Arith(op, left, right):
            return f"({_operand(left)} {op} {_operand(right)})"


@pytest.mark.parametrize(("text", "expected"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_accepted(text: str, expected: str) -> None:
    tree, problems = parse(text, COLUMNS, PARAMETERS)
    assert problems == []
    assert tree is not None
    assert meaning(tree) == expected


@pytest.mark.parametrize(("text", "expected"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_a_not_before_a_condition_is_the_negated_tree(text: str, expected: str) -> None:
    tree, _ = parse(text, COLUMNS, PARAMETERS)
    assert tree is not None
    assert parse(f"NOT ({text}\n)", COLUMNS, PARAMETERS) == (negate(tree), [])
    assert negate(negate(tree)) == tree


@settings(max_examples=100)
@given(data=st.data())
def test_a_negated_tree_is_true_where_the_tree_is_false_and_unknown_where_it_is_unknown(data: st.DataObject) -> None:
    leaves = st.sampled_from([text for text, _ in ACCEPTED]).map(lambda text: f"({text}\n)")
    texts = st.recursive(
        leaves, lambda t: st.tuples(t, st.sampled_from(["AND", "OR"]), t).map(lambda p: f"({' '.join(p)})")
    )
    tree, _ = parse(data.draw(texts), COLUMNS, PARAMETERS)
    assert tree is not None
    kinds = {each.name: each for each in operands(tree)}
    named = [[each.name for each in operands(leaf)] for leaf in walk(tree)]
    ranges = not any(len(set(names)) < len(names) for names in named)
    row = {n: data.draw(cell(each.kind, ranges=ranges)) for n, each in kinds.items() if isinstance(each, Col)}
    values: dict[str, Any] = {"as_of": NOON, "today": NOON.date()}
    for name in {each.name for each in operands(tree) if isinstance(each, Param)} - values.keys():
        values[name] = data.draw(known(PARAMETERS[name]))
    held, opposite = truth(tree, row, values), truth(negate(tree), row, values)
    assert opposite is (None if held is None else not held)


# ---- amounts: a quota's limit

AMOUNTS = [("stock + :few", "(stock + :few)"), (":few", ":few"), (":share * stock", "(:share * stock)"), ("1", "1")]


@pytest.mark.parametrize(("text", "expected"), AMOUNTS)
def test_an_amount(text: str, expected: str) -> None:
    amount, problems = parse_amount(text, COLUMNS, PARAMETERS)
    assert problems == []
    assert amount is not None
    operand, kind = amount
    assert (_operand(operand), str(kind)) == (expected, "literal" if text == "1" else "count (pieces)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("stock +", "cannot be read"),
        ("stok", "unknown column 'stok'"),
        (":fwe", "unknown parameter ':fwe'"),
        ("stock > :few", "is not an amount"),
        ("12", "the number 12 must be a parameter"),
    ],
)
def test_no_amount(text: str, message: str) -> None:
    amount, (problem,) = parse_amount(text, COLUMNS, PARAMETERS)
    assert amount is None
    assert message in problem.message


# ---- names


@pytest.mark.parametrize("name", ["orders", "first", "date", "index", "rank", "order", "group", "set", "desc"])
def test_names_that_a_condition_can_say(name: str) -> None:
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name", ["case", "like", "any", "on", "select", "null", "between", "a b", "a-b", "1a", "", "'a'"]
)
def test_names_that_a_condition_cannot_say(name: str) -> None:
    assert not is_plain_name(name)
