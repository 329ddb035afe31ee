"""What goes wrong with files of parquet, said for the person who can mend it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from campaign_analytics.errors import MarketError


@contextmanager
def said(file: Path) -> Iterator[None]:
    """Say which file can't be read, and why."""
    try:
        yield
    except (pa.lib.ArrowException, OSError) as error:
        raise MarketError(f"{file} can't be read as parquet: {error}; write it again") from error


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to, which takes its place when all is written and is gone when it is not."""
    beside = path.with_name(f".{path.name}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """Say where nothing can be written; what was written before stays valid."""
    try:
        yield
    except OSError as error:
        todo = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "see that it can be written to"
        raise MarketError(
            f"{folder}: {error.strerror or error}; what was finished is valid: {todo} and run the same again"
        ) from error
