"""What files were like when they were seen: a hash that workers take of what each holds; at an address, where they
cannot open it, its size and when it was written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from campaign_analytics.large.seen import fingerprint

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session


def of_paths(session: Session, paths: Sequence[Path]) -> dict[str, str]:
    """Of each of some files in folders that all workers share."""
    from campaign_analytics.engines import spark

    return spark.each(session, _of_path, [str(path) for path in paths])


def of_address(session: Session, place: str) -> dict[str, str]:
    """Of each of the files below an address."""
    from campaign_analytics.engines import spark

    return {path: f"{size} {at}" for path, size, at in spark.listed(session, place)}


def together(prints: Mapping[str, str]) -> str:
    """One hash of several files, whatever folder they are in."""
    told = sorted(f"{path.rpartition('/')[2]} {each}" for path, each in prints.items())
    return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest()


def _of_path(path: str) -> str:
    return fingerprint(Path(path))
