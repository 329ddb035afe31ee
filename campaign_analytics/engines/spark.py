"""Rules run by Spark: the conditions of one table's columns as its SQL, over a relation with columns of fixed types.

The one place that knows PySpark: sessions, what goes wrong in them, and the few frames that SQL alone cannot say.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

import numpy as np
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import inheritable_thread_target
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from sqlglot import exp

from campaign_analytics.engines.arrays import RULES_PER_WORD, Progress
from campaign_analytics.engines.relation import ROW, held_of, relation
from campaign_analytics.engines.sql import Held, words
from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.market.typed import HIGH, UNREAD
from campaign_analytics.rulebook.exact import Exact

Frame: TypeAlias = DataFrame
Session: TypeAlias = SparkSession
T = TypeVar("T")

TICK = 0.5  #: seconds between two looks at work under way

#: The types whose cells may be ranges.
MEASURED = ("count", "money", "rate", "number", "day", "time", "level")
#: ``catalog:shop`` is the tables shop.merchants, shop.offers ... of the session's catalog.
CATALOG = "catalog:"
PARQUET = ".parquet"
_BITS = 63  # names of a set that fit a BIGINT; it has no unsigned kind
_SQL = {"flag": "BOOLEAN", "rate": "DOUBLE", "number": "DOUBLE", "text": "STRING"}  # all others: BIGINT
_ARROW = {"BOOLEAN": pa.bool_(), "DOUBLE": pa.float64(), "STRING": pa.string(), "BIGINT": pa.int64()}
_PYTHON = "PYSPARK_PYTHON"  # the environment's name for the Python that workers run
_LACKING = re.compile(r"ModuleNotFoundError: No module named '(\w+)")
_CALLED = "An error occurred while calling "
_REFUSED = "MarketError: "
_OURS = re.compile(rf"(?:{_REFUSED}|CampaignError: )(.+)")


# ---- sessions


def session(engine: str | Session) -> Session:
    """The session that was given, else the one that is active, else a local one. Raises ``CampaignError`` where there
    is no Java to run it."""
    if not isinstance(engine, str):
        return engine
    return SparkSession.getActiveSession() or _local()


def _local() -> Session:
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which(os.path.join(home, "bin", "java")) if home else shutil.which("java")):  # noqa: PTH118
        where = f"JAVA_HOME, {home}, has none" if home else "there is none on the path"
        raise CampaignError(f"engine='spark' needs Java 17 or newer ({where}): install a JRE, or give a SparkSession")
    unset = _PYTHON not in os.environ
    os.environ.setdefault(_PYTHON, sys.executable)  # what a context asks when it starts, and nothing else
    try:
        return (
            SparkSession.builder.master("local[*]")
            .appName("campaign-analytics")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "localhost")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.log.level", "ERROR")
            .getOrCreate()
        )
    except (PySparkException, Py4JError) as error:
        raise CampaignError(f"engine='spark': no local session can be started: {_first_line(error)}") from error
    finally:
        if unset:
            del os.environ[_PYTHON]


@contextmanager
def said(place: str) -> Iterator[None]:
    """Say what went wrong in Spark while it worked on ``place``: in our own words, where a worker of ours said them."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        if lacking := _LACKING.search(text):
            raise CampaignError(
                f"Spark's workers run a Python without {lacking[1]}: before the session starts, set {_PYTHON} to one "
                "in which campaign-analytics is installed"
            ) from error
        ours = _OURS.findall(text)
        raise MarketError(ours[-1] if ours else f"{place}: Spark stopped: {_first_line(error)}") from error


def awaited(session: Session, ask: Callable[[], T], tell: Callable[[], None] = lambda: None) -> T:
    """What ``ask`` gets of Spark. Meanwhile ``tell`` is called; when that raises, or the wait is interrupted, Spark
    stops working on it."""
    context, group = session.sparkContext, uuid4().hex

    def asked() -> T:
        context.setJobGroup(group, "campaign-analytics")
        return ask()

    with ThreadPoolExecutor(1) as thread:
        found: Future[T] = thread.submit(inheritable_thread_target(session)(asked))
        try:
            while not wait([found], TICK).done:
                tell()
            return found.result()
        except BaseException:
            while not found.done():  # one job after another may begin
                context.cancelJobGroup(group)
                wait([found], TICK)
            raise


def _first_line(error: Exception) -> str:
    """What is said first, but for where Python called."""
    lines = [line.strip(" \t:") for line in str(error).splitlines() if line.strip(" \t:")]
    return next((line for line in lines if not line.startswith(_CALLED)), type(error).__name__)


# ---- conditions


@dataclass(frozen=True)
class Plan:
    """Conditions as Spark's SQL: an expression for each word with rules, and the columns that these read."""

    words: Mapping[int, str]
    types: Mapping[str, str]  # by column, the ends of ranges and marks of what was not understood among them

    @classmethod
    def of(cls, rules: Sequence[tuple[int, Exact]], held: Mapping[str, Held]) -> Plan:
        """Raises ``CampaignError`` for a set of more names than Spark has bits."""
        trees = {number: exp.cast(tree, "BIGINT") for number, tree in words(rules, held).items()}
        read = sorted({column.name for tree in trees.values() for column in tree.find_all(exp.Column)})
        types: dict[str, str] = {}
        for name in read:
            column = name.removesuffix(HIGH).removesuffix(UNREAD)
            of = held[name if name in held else column]
            if of.type == "set" and len(of.names) > _BITS:
                raise CampaignError(f"{column} is a set of {len(of.names)} names; Spark has {_BITS} bits: use duckdb")
            types[name] = "BOOLEAN" if name.endswith(UNREAD) and name not in held else _SQL.get(of.type, "BIGINT")
        return cls({number: tree.sql("spark", identify=True) for number, tree in trees.items()}, types)

    def columns(self, held: pa.Table) -> dict[str, pa.Array]:
        """The columns out of a ``relation``, in their fixed types: a range of no width where it has no high end."""
        found: dict[str, pa.Array] = {}
        for name, type in self.types.items():
            if name in held.column_names:
                column = held[name]
            elif name.endswith(UNREAD):
                column = pa.array(np.zeros(len(held), bool))
            else:
                column = held[name.removesuffix(HIGH)]
            found[name] = column.cast(_ARROW[type])
        return found


def widest(type: str, names: tuple[str, ...]) -> Held:
    """How a column is held of which no batch is known yet: perhaps with ranges, of any size, not understood; a set of
    an open list with names that are not in it yet."""
    if type == "set":
        names = (*names, *(f"#{place}" for place in range(len(names), _BITS)))
    return Held(type, names, 2**63 - 1, type in MEASURED, True)


class Query:
    """Conditions compiled for one table's columns, run as ``engines.arrays.Program`` is."""

    def __init__(self, rules: Sequence[tuple[int, Exact]], cells: Mapping[str, Cells]) -> None:
        self.words = max((bit for bit, _ in rules), default=0) // RULES_PER_WORD + 1
        self._cells = cells
        self._plan = Plan.of(rules, held_of(cells))

    def run(self, rows: int, into: Array | None = None, progress: Progress | None = None) -> Array:
        """See ``Program.run``."""
        held = np.zeros((self.words, rows), np.uint64) if into is None else into
        if rows and self._plan.words:
            with said("a held market"):
                cells = relation(self._cells, rows)
                frame = session("spark").createDataFrame(pa.table({ROW: cells[ROW], **self._plan.columns(cells)}))
                found = frame.selectExpr(f"`{ROW}`", *named(self._plan.words, "word_{}")).toArrow()
            for number in self._plan.words:
                held[number, np.asarray(found[ROW])] |= np.asarray(found[f"word_{number}"]).view(np.uint64)
        if progress:
            progress(rows, rows)
        return held


# ---- frames


def named(expressions: Mapping[int, str], form: str) -> list[str]:
    """Each expression under a name made of its number."""
    return [f"{expression} AS `{form.format(number)}`" for number, expression in expressions.items()]


def is_remote(place: str) -> bool:
    """Whether a place is one that Spark alone knows: a catalog's, or an address."""
    return place.startswith(CATALOG) or "://" in place


def literally(path: str) -> str:
    """A path whose brackets, stars and the like are no patterns for Spark to look for."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def inside(place: str, name: str) -> str:
    """A table of a catalog's database, or what lies at an address."""
    return f"{place}.{name}" if place.startswith(CATALOG) else f"{place.rstrip('/')}/{name}"


def table_at(session: Session, place: str) -> Frame | None:
    """A table of a catalog, or at an address a folder of parquet files or one file with that ending; None where there
    is nothing."""
    if place.startswith(CATALOG):
        name = place.removeprefix(CATALOG)
        return session.table(name) if session.catalog.tableExists(name) else None
    read = session.read.option("mergeSchema", True).parquet
    found = _there(read, place)
    return _there(read, f"{place}{PARQUET}") if found is None else found


def left_out(session: Session, frame: Frame, place: str) -> str | None:
    """A file in some folder below an address that a frame read there is without: Spark looks into folders of folders
    only where their names tell values (``day=2024-03-01``). None where it has all."""
    paths = [_path(session, each) for each in (place, f"{place}{PARQUET}")]
    if not any(files.exists(path) and files.getContentSummary(path).getDirectoryCount() > 1 for files, path in paths):
        return None
    there = [path for path, *_ in listed(session, place)]
    return max(there, key=lambda path: path.count("/")) if len(there) > len(frame.inputFiles()) else None


def text_at(session: Session, place: str) -> str | None:
    """The text of a file at an address; None where there is none."""
    frame = _there(partial(session.read.text, wholetext=True), place)
    return None if frame is None else str(frame.toArrow()[0][0])


def _there(read: Callable[[str], Frame], place: str) -> Frame | None:
    try:
        return read(place)
    except AnalysisException as error:
        if error.getCondition() == "PATH_NOT_FOUND":
            return None
        raise


def put(frame: Frame, place: str, mode: str = "overwrite", by: Sequence[str] = ()) -> None:
    """Write a table where ``table_at`` finds it, in place of what is there, or with ``mode`` "append" beside it; of
    each value of ``by`` into a folder of its own."""
    writer = frame.write.mode(mode).partitionBy(*by)
    if place.startswith(CATALOG):
        writer.saveAsTable(place.removeprefix(CATALOG))
    else:
        writer.parquet(place)


# ---- files


def with_file(frame: Frame, column: str, in_catalog: bool = False) -> Frame:
    """With a column of the name of the file that each row comes from, without the ending of parquet, as in an address;
    of a catalog's table, which may have none, of one name."""
    if in_catalog:
        return frame.withColumn(column, F.lit("catalog"))
    name = frame.metadataColumn("_metadata")["file_name"]
    bare = F.left(name, F.length(name) - F.lit(len(PARQUET)))
    return frame.withColumn(column, F.when(F.endswith(name, F.lit(PARQUET)), bare).otherwise(name))


def counted(frame: Frame, column: str) -> dict[str, int]:
    """By value of a column how many rows there are."""
    held = frame.groupBy(f"`{column}`").count().toArrow()
    return dict(zip(held[column].to_pylist(), held["count"].to_pylist(), strict=True))


def only(frame: Frame, column: str, values: Sequence[str]) -> Frame:
    """The rows of some values of a column; of a file's name, no other file is read."""
    return frame.where(F.col(f"`{column}`").isin(*values))


def listed(session: Session, place: str) -> list[tuple[str, int, int]]:
    """The files below an address, or one with the ending of parquet: the address of each, its bytes, and the
    millisecond in which it was written."""
    read = session.read.format("binaryFile").option("recursiveFileLookup", True).load
    found = _there(read, place)
    found = _there(read, f"{place}{PARQUET}") if found is None else found
    if found is None:
        return []
    held = found.selectExpr("path", "length", "unix_millis(modificationTime) AS at").toArrow()
    return [(row["path"], row["length"], row["at"]) for row in held.to_pylist()]


def remove(session: Session, place: str) -> None:
    """Take away what lies at an address, if anything does."""
    files, path = _path(session, place)
    files.delete(path, True)


def _path(session: Session, place: str) -> tuple[Any, Any]:
    """The file system of an address, and its path there, as Hadoop knows them."""
    jvm, own = session._jvm, session._jsparkSession
    assert jvm is not None
    path = jvm.org.apache.hadoop.fs.Path(place)
    return path.getFileSystem(own.sessionState().newHadoopConf()), path


def each(session: Session, function: Callable[[str], T], texts: Sequence[str]) -> dict[str, T]:
    """What a function makes of each text, where workers are."""
    if not texts:
        return {}
    return dict(session.sparkContext.parallelize(texts, len(texts)).map(lambda text: (text, function(text))).collect())


# ---- what SQL alone cannot say


def lists(table: str, rows: Frame, key: str, without: str) -> Frame:
    """By ``key`` a column ``table``: a list of its rows of that table, in one order whatever the partitions. Where a
    row is without its key, a worker stops with these words."""
    known = F.coalesce(F.col(f"`{key}`"), F.raise_error(F.lit(f"{_REFUSED}{without}\n")))  # Spark says more behind it
    rows = rows.withColumn(key, known)
    columns = [F.col(f"`{name}`") for name in rows.columns if name != key]
    return rows.groupBy(key).agg(F.sort_array(F.collect_list(F.struct(*columns))).alias(table))


def mapped(
    frame: Frame, function: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]], schema: str
) -> Frame:
    """What a function makes of the batches of a frame, where its workers are."""
    with warnings.catch_warnings():  # PySpark warns of pandas 3, which takes no part in this
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        return frame.mapInArrow(function, schema)


def summed(frame: Frame, counts: Sequence[str]) -> Frame:
    """One row of those that are alike but for ``counts``, with the sums of these."""
    keys = [F.col(f"`{name}`") for name in frame.columns if name not in counts]
    return frame.groupBy(*keys).agg(*(F.sum(f"`{name}`").alias(name) for name in counts))


def with_merchants(offers: Frame, merchants: Frame, key: str, forms: Sequence[str], words: int) -> Frame:
    """Offers with the bits of their merchant's words beside their own; ``merchants`` has a row for every ``key``."""
    theirs = merchants.select(
        key, *(F.col(form.format(n)).alias(f"#{form.format(n)}") for form in forms for n in range(words))
    )
    both = offers.join(F.broadcast(theirs), key)
    for form in forms:
        for n in range(words):
            name = form.format(n)
            both = both.withColumn(name, F.col(name).bitwiseOR(F.col(f"`#{name}`")))
    return both


def verdict(form: str, fails: Array, unknown: Array, names: Sequence[str]) -> Column:
    """The verdict by name: the second of ``names`` where any bit of ``fails`` is set, else the third where any of
    ``unknown`` is, else the first. Both are (words,) uint64."""

    def any_of(masks: Array) -> Column:
        hits = [
            F.col(form.format(n)).bitwiseAND(F.lit(int(mask))) != F.lit(0)
            for n, mask in enumerate(masks.view(np.int64))
            if mask
        ]
        found = F.lit(False)
        for hit in hits:
            found = found | hit
        return found

    return F.when(any_of(fails), names[1]).when(any_of(unknown), names[2]).otherwise(names[0]).alias("verdict")
