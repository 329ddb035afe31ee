"""Files as other programs write them: encodings, delimiters, workbooks, several files of a table, archives."""

from __future__ import annotations

import numpy as np

from campaign_analytics.demo.dirt.sheet import Draft


def _of(draft: Draft, **layout: object) -> int:
    for name, value in layout.items():
        setattr(draft.layout, name, value)
    return len(draft.sheets)


def utf_8(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, encoding="utf-8")


def gb18030(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, encoding="gb18030")


def utf_16(draft: Draft, rng: np.random.Generator) -> int:
    """What a spreadsheet calls "Unicode text"."""
    return _of(draft, encoding="utf-16", delimiter="\t", ending="txt")


def tabs(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, delimiter="\t", ending="tsv")


def semicolons(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, delimiter=";")


def bars(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, delimiter="|", ending="txt")


def tabs_in_csv(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, delimiter="\t")


def windows_line_ends(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, newline="\r\n")


def old_line_ends(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, newline="\r", quoted=True)  # Python before 3.13 leaves other line ends bare


def all_quoted(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, quoted=True)


def workbooks(draft: Draft, rng: np.random.Generator) -> int:
    """A workbook a table, all cells texts."""
    return _of(draft, ending="xlsx")


def typed_workbooks(draft: Draft, rng: np.random.Generator) -> int:
    """A workbook a table; numbers are numbers and dates are dates."""
    return _of(draft, ending="xlsx", typed=True)


def one_workbook(draft: Draft, rng: np.random.Generator) -> int:
    """A sheet a table, and an empty one behind."""
    return _of(draft, ending="xlsx", together="workbook")


def parts(draft: Draft, rng: np.random.Generator) -> int:
    """Several files of a table, each with its headers."""
    return _of(draft, parts=int(rng.integers(2, 4)))


def archive(draft: Draft, rng: np.random.Generator) -> int:
    """All files in one zip."""
    return _of(draft, together="archive")


def other_names(draft: Draft, rng: np.random.Generator) -> int:
    stems = draft.words.files.stems
    return _of(draft, stem=stems[rng.integers(len(stems))])


def names_that_say_nothing(draft: Draft, rng: np.random.Generator) -> int:
    """What a browser calls a download: the headers tell what it is."""
    return _of(draft, stem="导出文件{number}")


def json_lines(draft: Draft, rng: np.random.Generator) -> int:
    return _of(draft, ending="jsonl", together="", typed=False)


KINDS = (
    utf_8,
    gb18030,
    semicolons,
    tabs,
    tabs_in_csv,
    bars,
    utf_16,
    windows_line_ends,
    old_line_ends,
    all_quoted,
    workbooks,
    typed_workbooks,
    one_workbook,
    json_lines,
    parts,
    other_names,
    names_that_say_nothing,
    archive,
)
