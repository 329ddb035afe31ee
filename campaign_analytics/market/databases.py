"""Open tables of a database, a DuckDB file or what SQLAlchemy reaches: only ever read, told without secrets."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, quote_plus

import numpy as np
from sqlglot import exp

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found
from campaign_analytics.market.marks import stripped
from campaign_analytics.market.texts import Texts

if TYPE_CHECKING:
    import duckdb
    import sqlalchemy as sa

_URL = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+._-]*)://(?P<rest>.*)", re.DOTALL)
_FILES = ("duckdb", "sqlite")  # databases that are a file
_AT_ONCE = 50_000  # rows of a result that are held as Python values
#: A DuckDB file may hold views that read other files or fetch what reads them: neither is allowed.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "lock_configuration": "true",
}


@dataclass(frozen=True)
class Held:
    """A table or view of a database."""

    schema: str
    name: str
    headers: tuple[str, ...]
    of_main: bool  # of the schema that needs no name

    @property
    def full_name(self) -> str:
        return self.name if self.of_main else f"{self.schema}.{self.name}"


class Database(Protocol):
    """Tables that can be listed and read."""

    label: str  # for messages: its file or name, never a user or password

    def tables(self, named: Iterable[str]) -> list[Held]:
        """All tables and views, with their columns; in other schemas those at least that are ``named``, with these."""

    def texts(self, table: Held) -> list[Texts]:
        """The columns of one."""


def is_url(source: object) -> bool:
    """Whether ``source`` is a URL of a database rather than a path."""
    return isinstance(source, str) and _URL.fullmatch(source) is not None


def without_secrets(source: object) -> str:
    """A source as messages may show it: of a database's URL no user, password or options."""
    text = str(source)
    return re.sub(r"://.*@", "://", text, flags=re.DOTALL).partition("?")[0] if is_url(source) else text


def file_of(url: str) -> Path | None:
    """The file that a database is, where it is one: what stands behind ``duckdb:///`` or ``sqlite:///``."""
    found = _URL.fullmatch(url)
    is_file = found is not None and found["scheme"].split("+")[0] in _FILES and found["rest"].startswith("/")
    return Path(found["rest"].partition("?")[0].removeprefix("/")) if found and is_file else None


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database behind ``duckdb:///file.duckdb`` or a URL of SQLAlchemy, for reading only.

    Raises MarketError where it can't be reached or read, and where the extra that reads it is not installed.
    """
    path = file_of(url)
    if path is None and url.startswith(_FILES):
        raise MarketError(
            f"{without_secrets(url)}: expected a file behind three slashes, such as duckdb:///market.duckdb"
        )
    if path is not None and not path.is_file():
        raise MarketError(f"{path} does not exist; expected a database file (an absolute path has four slashes)")
    with _duckdb(path) if path and url.startswith("duckdb") else _sqlalchemy(url, path) as database:
        yield database


def found_in(database: Database, table: Held) -> Found:
    """The table as it is found, without its cells."""
    headers = [stripped(header) for header in table.headers]
    nothing = Texts.of_values([])
    place = f"{database.label}: {table.full_name}"
    name = table.full_name
    return Found(place, headers, [nothing] * len(headers), np.empty(0, np.int64), called=name, sheet=name)


def with_cells(found: Found, database: Database, table: Held) -> Found:
    """The same with its cells; rows are numbered from 1, as they were read."""
    columns = database.texts(table)
    rows = len(columns[0]) if columns else 0
    return replace(found, columns=columns, source_rows=np.arange(1, rows + 1, dtype=np.int64))


# --------------------------------------------------------------------------------------------------------------- DuckDB


class _DuckDB:
    def __init__(self, label: str, connection: duckdb.DuckDBPyConnection) -> None:
        self.label = label
        self.connection = connection

    def tables(self, named: Iterable[str]) -> list[Held]:
        listed = exp.select("table_schema", "table_name", "column_name").from_("information_schema.columns")
        listed = listed.where("table_catalog = current_database()").order_by("1", "2", "ordinal_position")
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in self.connection.sql(listed.sql("duckdb")).fetchall():
            columns.setdefault((schema, table), []).append(column)
        return [Held(schema, name, tuple(held), schema == "main") for (schema, name), held in columns.items()]

    def texts(self, table: Held) -> list[Texts]:
        name = exp.table_(exp.to_identifier(table.name, quoted=True), exp.to_identifier(table.schema, quoted=True))
        held = self.connection.sql(exp.select("*").from_(name).sql("duckdb")).to_arrow_table()
        return [Texts.of_arrow(column) for column in held.columns]


@contextmanager
def _duckdb(path: Path) -> Iterator[Database]:
    try:
        import duckdb
    except ImportError as error:
        raise _not_installed(path.name, "duckdb") from error
    try:
        with duckdb.connect(str(path), read_only=True, config=_CLOSED) as connection:
            yield _DuckDB(path.name, connection)
    except duckdb.Error as error:
        raise MarketError(f"{path.name} can't be read: {error}") from error


# ----------------------------------------------------------------------------------------------------------- SQLAlchemy


class _SQLAlchemy:
    def __init__(self, label: str, connection: sa.Connection) -> None:
        self.label = label
        self.connection = connection

    def tables(self, named: Iterable[str]) -> list[Held]:
        import sqlalchemy as sa

        seen = sa.inspect(self.connection)
        names: list[tuple[str | None, str]] = [
            (None, name) for name in (*seen.get_table_names(), *seen.get_view_names())
        ]
        with suppress(NotImplementedError):  # where there are no such
            names += [(None, name) for name in seen.get_materialized_view_names()]
        elsewhere = (each.rpartition(".")[::2] for each in named if "." in each)
        names += [(schema, name) for schema, name in elsewhere if seen.has_table(name, schema)]
        return [
            Held(schema or "", name, tuple(each["name"] for each in seen.get_columns(name, schema)), schema is None)
            for schema, name in names
        ]

    def texts(self, table: Held) -> list[Texts]:
        import sqlalchemy as sa

        # columns without types: each cell as the driver gives it, and no cell that a type refuses
        columns: list[sa.ColumnClause[Any]] = [sa.column(header) for header in table.headers]
        rows = self.connection.execution_options(yield_per=_AT_ONCE).execute(
            sa.select(*columns).select_from(sa.table(table.name, schema=table.schema or None))
        )
        return Texts.of_rows(rows, len(columns))


@contextmanager
def _sqlalchemy(url: str, path: Path | None) -> Iterator[Database]:
    place = path.name if path else without_secrets(url)
    try:
        import sqlalchemy as sa
    except ImportError as error:
        raise _not_installed(place, "sql") from error
    try:
        parsed = sa.make_url(url)
        engine = sa.create_engine(parsed, **({"creator": lambda: _sqlite(path)} if path else {}))
    except (sa.exc.NoSuchModuleError, ImportError) as error:
        raise MarketError(f"{place}: its driver is not installed ({error}); install it beside SQLAlchemy") from error
    except (sa.exc.ArgumentError, ValueError):
        raise MarketError(
            f"{place}: no URL of a database; expected such as sqlite:///file.db or postgresql://user@host/database"
        ) from None  # its text may hold the URL
    secrets = [parsed.password, *_values(parsed.query)]
    try:
        with engine.connect().execution_options(postgresql_readonly=True) as connection:
            yield _SQLAlchemy(path.name if path else parsed.database or place, connection)
    except sa.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error)
        raise MarketError(f"{place} can't be read: {_redacted(said, secrets)}") from None
    finally:
        engine.dispose()


def _sqlite(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)


def _values(query: Mapping[str, Any]) -> Iterable[str]:
    for value in query.values():
        yield from (value,) if isinstance(value, str) else value


def _redacted(text: str, secrets: Iterable[str | None]) -> str:
    """A driver's message, without what the URL kept secret."""
    for secret in filter(None, secrets):
        for spelled in (secret, quote(secret), quote_plus(secret)):
            text = text.replace(spelled, "***")
    return text


def _not_installed(place: str, extra: str) -> MarketError:
    return MarketError(f"{place} needs what is not installed here: pip install 'campaign-analytics[{extra}]'")
