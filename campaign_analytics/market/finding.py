"""Find a market's tables: which files, sheets, DataFrames or tables of a database hold which of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from campaign_analytics.errors import MarketError
from campaign_analytics.market.databases import found_in, is_url, opened, with_cells, without_secrets
from campaign_analytics.market.declared import NAME
from campaign_analytics.market.found import Found, Knows
from campaign_analytics.market.headers import fitting, knows
from campaign_analytics.market.marks import alike, load_marks
from campaign_analytics.market.opening.files import ENDINGS, open_path
from campaign_analytics.market.opening.frames import open_frame
from campaign_analytics.market.quality import Reason
from campaign_analytics.market.schema import KEYS, Declared
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

#: Called with how much is done, and how much there is to do.
Progress: TypeAlias = Callable[[int, int], None]

#: Without these there is no market.
NEEDED = ("merchants", "offers")
_NUMBERED = re.compile(r"[\W\d_]+|rejected$")


@dataclass(eq=False)
class Gathered:
    """The parts of each table; what is said of files and sheets that are no part of any, and of what was declared."""

    place: str
    parts: dict[str, list[Found]] = field(default_factory=dict)
    remarks: list[tuple[str, Reason]] = field(default_factory=list)  # each with its place

    def add(self, table: str, found: Found) -> None:
        self.parts.setdefault(table, []).append(found)

    @property
    def unread(self) -> list[str]:
        """The places of files and sheets that are no part of any table."""
        return [place for place, reason in self.remarks if reason.kind == "unread"]

    def names(self) -> Iterator[str]:
        """What files, sheets and tables may be called by: their places, and paths and names in archives."""
        yield from self.unread
        for found in (each for parts in self.parts.values() for each in parts):
            yield from (found.place, found.member, PurePosixPath(found.member).name)


def gather(
    source: str | Path | Mapping[str, pd.DataFrame], book: Rulebook, declared: Declared, progress: Progress
) -> Gathered:
    """Open everything that ``source`` holds, and tell which table each part is; ``progress`` counts bytes.

    Raises MarketError where nothing is there, where a file that its name makes a table can't be opened, and where
    merchants or offers are missing.
    """
    held = look(source, book, declared, progress)
    for table in NEEDED:
        if table not in held.parts:
            raise MarketError(_nothing(table, held, isinstance(source, str) and is_url(source)))
    return held


def look(
    source: str | Path | Mapping[str, pd.DataFrame], book: Rulebook, declared: Declared, progress: Progress
) -> Gathered:
    """The same of what need not be a market yet: tables may be missing."""
    if isinstance(source, str) and is_url(source):
        return _of_database(source, book, declared)
    if not isinstance(source, Mapping):
        return _of_files(Path(source), book, declared, progress)
    held = Gathered("the tables given")
    for table, frame in _named(source).items():
        held.add(table, open_frame(table, frame))
    return held


def table_named(name: str) -> str | None:
    """The table that a file, sheet or DataFrame of this name holds; numbers, dates and marks in it say nothing."""
    like = _NUMBERED.sub("", alike(name))
    return _names().get(like) or _names().get(like.removesuffix("rejected"))


def _member_named(member: str) -> str | None:
    """The table that a file of an archive holds by its name, or by that of its folder."""
    path = PurePosixPath(member)
    return table_named(path.stem) or table_named(path.parent.name)


def names_a_table(folder: Path) -> bool:
    """Whether some file of ``folder`` holds a table by its name."""
    return any(path.suffix.lower() in ENDINGS and table_named(path.stem) for path in folder.iterdir())


def _names() -> dict[str, str]:
    return {_NUMBERED.sub("", table): table for table in KEYS} | {
        _NUMBERED.sub("", name): table for name, table in load_marks().tables.items()
    }


def _named(source: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    for name, frame in source.items():
        table = table_named(name)
        if table is None:
            raise MarketError(f"no table is called {name!r}{did_you_mean(name, KEYS)}; expected {', '.join(KEYS)}")
        if table in tables:
            raise MarketError(f"two DataFrames hold the table {table}; put them together or leave one out")
        tables[table] = frame
    return tables


def _of_database(url: str, book: Rulebook, declared: Declared) -> Gathered:
    """The tables and views of a database; where the owner says which holds a table, no other does."""
    held = Gathered(without_secrets(url))
    with opened(url) as database:
        there = {table.full_name: table for table in database.tables(declared.tables)}
        for name in declared.tables:
            if name not in there and Path(name).suffix.lower() not in ENDINGS:
                raise MarketError(f"{NAME}: tables: no table {name!r} in {database.label}{did_you_mean(name, there)}")
        for name, each in there.items():
            found = found_in(database, each)
            table, why = declared.tables.get(name, ""), Reason("unread", "")
            if not table:
                table, why = _table_of(found, None, book, declared)
                if table in declared.tables.values():
                    table, why = "", Reason("unread", f"{NAME} names another one as {table}: [tables]")
            if table:
                held.add(table, with_cells(found, database, each))
            else:
                held.remarks.append((found.place, why))
    return held


def _of_files(source: Path, book: Rulebook, declared: Declared, progress: Progress) -> Gathered:
    if not source.exists():
        raise MarketError(f"{source} does not exist; expected a folder with a file of merchants and a file of offers")
    held = Gathered(str(source))
    heads = knows(book, declared.headers)
    files = _files(source, held) if source.is_dir() else [(source, None)]
    sizes = [path.stat().st_size for path, _ in files]
    for number, (path, folder_table) in enumerate(files):
        progress(sum(sizes[:number]), sum(sizes))
        named = folder_table or declared.tables.get(path.name) or table_named(path.stem)
        for found in _opened(path, named, heads, declared, held):
            table, why = _table_of(found, named, book, declared)
            if table:
                held.add(table, found)
            else:
                held.remarks.append((found.place, why))
    held.remarks += _misnamed(declared, [*(path.name for path, _ in files), *held.names()])
    return held


def _misnamed(declared: Declared, there: Sequence[str]) -> Iterator[tuple[str, Reason]]:
    """What names a file or sheet that is not there, unless it says of it what is known anyway."""
    tables = [name for name, table in declared.tables.items() if table_named(_last_name(name)) != table]
    for section, names in (("tables", tables), ("encodings", declared.encodings)):
        for name in names:
            if name not in there:
                said = f"[{section}] names {name!r}, which is not here{did_you_mean(name, there)}"
                yield NAME, Reason("doubted", said)


def _last_name(place: str) -> str:
    """The name of a sheet, or of a file without its ending."""
    last = PurePosixPath(place.rpartition(": ")[2])
    return last.stem if last.suffix.lower() in ENDINGS else last.name


def _files(folder: Path, held: Gathered) -> list[tuple[Path, str | None]]:
    """The files of a folder, and of the folders in it that are named after a table, each with that table."""
    files: list[tuple[Path, str | None]] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")) or path.name == NAME:
            continue
        if not path.is_dir():
            files.append((path, None))
        elif table := table_named(path.name):
            parts = [part for part in sorted(path.iterdir()) if not part.name.startswith((".", "_"))]
            files += [(part, table) for part in parts if part.is_file()]
            held.remarks += [
                (f"{path.name}/{part.name}", Reason("unread", "a folder in the folder of a table"))
                for part in parts
                if part.is_dir()
            ]
        else:
            held.remarks.append((path.name, Reason("unread", "a folder that is not named after a table")))
    return files


def _opened(path: Path, named: str | None, heads: Knows, declared: Declared, held: Gathered) -> Sequence[Found]:
    try:
        opened = open_path(path, heads, declared.encodings)
    except MarketError as error:
        if named:
            raise
        held.remarks.append((path.name, Reason("unread", str(error))))
        return ()
    for each in opened.unread:
        if each.broken and _member_named(each.broken):
            raise MarketError(each.why)
        held.remarks.append((each.place, Reason("unread", each.why)))
    return opened.found


def _table_of(found: Found, named: str | None, book: Rulebook, declared: Declared) -> tuple[str, Reason]:
    """Which table this is ("" = none, and why): its source's word, the owner's, its sheet's name, its file's name, or
    the one table that its headers fit best."""
    fits = fitting(found.headers, book, declared.headers)
    said = found.table or _declared_as(found, declared) or (found.sheet and table_named(found.sheet)) or ""
    if said:
        return said, Reason("unread", "")
    own = _member_named(found.member)
    sure = not found.sheet and bool(own or not found.member)  # what it is called is called for it alone
    named = own or named
    if named and (sure or named in fits or not fits):
        return (named, Reason("unread", "")) if sure or fits else ("", Reason("unread", _NO_HEADERS))
    most = max(fits.values(), default=0)
    best = [table for table, count in fits.items() if count == most]
    if len(best) == 1:
        return best[0], Reason("unread", "")
    if best:
        return "", Reason(
            "unread", f"may be {' or '.join(best)}; name it after its table, or say so in {NAME}: [tables]"
        )
    return "", Reason("unread", _NO_HEADERS)


def _declared_as(found: Found, declared: Declared) -> str:
    """The table that the owner says this is, by its place, or by its path or name in an archive."""
    names = (found.place, found.member, PurePosixPath(found.member).name)
    return next((declared.tables[name] for name in names if name in declared.tables), "")


_NO_HEADERS = "not a table: neither its name nor its headers are known"


def _nothing(table: str, held: Gathered, is_database: bool) -> str:
    wanted = f"a table or view {table}" if is_database else f"{table}{', '.join(ENDINGS)}"
    remedy = f"make a view {table}" if is_database else "rename the file to its table"
    there = [found.place for parts in held.parts.values() for found in parts] + held.unread
    why = "".join(f"\n  {name}: {reason.text}" for name, reason in held.remarks)
    return (
        f"no table {table} in {held.place}: looked for {wanted}, or headers of {table}; found "
        f"{', '.join(there) or 'nothing'}; {remedy}, or say so in {NAME}: [tables]{why}"
    )
