"""What reading says, and why it can't read, is said in Chinese, too: every text that its code holds."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign_analytics import market
from campaign_analytics.market import reasons
from campaign_analytics.market.reasons import in_language

MODULES = sorted(Path(str(market.__file__)).parent.rglob("*.py"))
#: The reason itself is another's: a parser's, a database's, or put together of texts that are tried elsewhere.
ANOTHERS = {"market.toml: X", "", "X", "X: X"}


def texts() -> Iterator[str]:
    """What is given to MarketError and Reason in the code, an X for what is filled in."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "MarketError":
                    yield filled(node.args[0])
                elif node.func.id == "Reason" and len(node.args) == 2:
                    yield filled(node.args[1])


def filled(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(map(filled, values))
        case ast.FormattedValue(value=ast.IfExp() | ast.Call(func=ast.Name(id="did_you_mean"))):
            return ""  # what may be said besides
        case ast.FormattedValue(value=ast.BoolOp(values=[*_, ast.JoinedStr() as last])):
            return filled(last)
        case ast.FormattedValue(value=ast.Name(id="NAME")):
            return "market.toml"
        case ast.FormattedValue(value=ast.Attribute(attr="text")):
            return "no known column"
        case ast.FormattedValue():
            return "X"
    return ""


@pytest.mark.parametrize("text", sorted(set(texts()) - ANOTHERS))
def test_it_is_said_in_chinese(text: str) -> None:
    assert in_language(text, "zh") != text
    assert in_language(text, "en") == text


def test_what_is_filled_in_stands_in_the_chinese_words() -> None:
    held = tomllib.loads(Path(str(reasons.__file__)).with_suffix(".toml").read_text("utf-8"))
    for english, chinese in held.items():
        gaps = len(re.findall(r"\{\*?\}", english))
        assert len(set(re.findall(r"\{\d\}", chinese))) + chinese.count("{}") == gaps, english
        assert "X" in chinese.format(*"X" * gaps) or not gaps


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("market.toml: headers.ofers: no such table; did you mean 'offers'?", "没有这个表；是否指 'offers'？"),
        (
            "market.toml: unknown key 'as_'; did you mean 'as_of'?; expected as_of, x",
            "是否指 'as_of'？应为 as_of, x",
        ),
        (
            "no table offers in x: looked for offers.csv, or headers of offers; found a.txt; rename the file to its "
            "table, or say so in market.toml: [tables]\n  a.txt: a.txt is empty; expected a row of headers and rows of "
            "data",
            "\n  a.txt: a.txt 是空的；应有一行表头和若干行数据",
        ),
        ("a header: that nobody: knows of", "a header: that nobody: knows of"),
    ],
)
def test_texts_in_texts_and_lines_are_said_in_chinese_each(text: str, chinese: str) -> None:
    assert in_language(text, "zh").endswith(chinese)
