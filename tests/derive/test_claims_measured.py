"""What docs/claims.md says of the shipped word lists is what they do today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.derive.labelled import SETS, Score, measure, read

DOCS = Path(__file__).parents[2] / "docs" / "claims.md"


def table() -> list[str]:
    """The tables of the document, line by line."""
    lines = list[str]()
    for name in SETS:
        measured = measure(name)
        lines += [f"### {name}.toml", "", "| titles | number | right | wrong | missed |", "|---|--:|--:|--:|--:|"]
        lines += [row(kind.replace("_", " "), score) for kind, (score, _) in measured.items()]
        whole = sum((score for score, _ in measured.values()), Score(0, 0, 0, 0))
        lines += [row("all", whole), "", f"Precision {whole.precision:.1%}, recall {whole.recall:.1%}.", ""]
    return lines


def row(kind: str, score: Score) -> str:
    return f"| {kind} | {score.titles} | {score.right} | {score.wrong} | {score.missed} |"


def test_the_document_holds_the_numbers_of_today() -> None:
    expected = "\n".join(table())
    assert expected in DOCS.read_text("utf-8"), f"docs/claims.md, How good it is:\n\n{expected}"


@pytest.mark.parametrize("name", SETS)
def test_the_document_names_every_title_that_is_read_wrongly(name: str) -> None:
    said = DOCS.read_text("utf-8")
    odd = [title for _, titles in measure(name).values() for title in titles]
    assert not [title for title in odd if f"`{title}`" not in said]


def test_there_are_enough_titles_and_none_twice() -> None:
    titles = [title for name in SETS for kind in read(name).values() for title, _ in kind]
    assert len(titles) >= 300
    assert len(set(titles)) == len(titles)


def test_the_lists_are_good_enough_to_warn() -> None:
    """On the titles that they were made with; those held out are reported, and set no bound."""
    whole = sum((score for score, _ in measure("titles").values()), Score(0, 0, 0, 0))
    assert whole.precision >= 0.98
    assert whole.recall >= 0.94
