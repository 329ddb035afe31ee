"""What files were like when they were first looked at: by size and time, else by a hash of what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from campaign_analytics.errors import CampaignError
from campaign_analytics.large.said import said
from campaign_analytics.market.behind import Print

_BLOCK = 1 << 24  # bytes of a file that are hashed at once
_END = 1 << 14  # bytes of its end


def seen(file: Path) -> Print:
    """What a file is like now, not hashed. Raises ``MarketError`` where it is not there."""
    with said(file):
        held = file.stat()
    return Print(held.st_size, held.st_mtime_ns)


def fingerprint(file: Path) -> str:
    """A hash of what a file holds."""
    digest = hashlib.blake2b(digest_size=16)
    with said(file), file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def same(file: Path, held: Print) -> bool:
    """Whether a file is there and what it was."""
    if not file.exists():
        return False
    now = seen(file)
    if now.bytes != held.bytes or now.at == held.at:
        return now.bytes == held.bytes
    return bool(held.hash) and fingerprint(file) == held.hash


def copies(files: Iterable[Path]) -> list[list[Path]]:
    """Of some files those together that hold the same, byte for byte. Whole ones are read only where their ends are the
    same, in which parquet tells of everything before."""
    alike = [[*files]]
    for told in (lambda file: seen(file).bytes, _end, fingerprint):
        apart = list[list[Path]]()
        for some in alike:
            by: dict[object, list[Path]] = {}
            for file in some:
                by.setdefault(told(file), []).append(file)
            apart += [each for each in by.values() if len(each) > 1]
        alike = apart
    return alike


def _end(file: Path) -> bytes:
    with said(file), file.open("rb") as opened:
        opened.seek(max(0, seen(file).bytes - _END))
        return opened.read(_END)


def alone(manifest: Path, left: Print | None) -> None:
    """Raise ``CampaignError`` where a manifest is not as this run ``left`` it: another one has begun to write there."""
    if left and manifest.exists() and seen(manifest) != left:
        raise CampaignError(
            f"{manifest.parent}: another run has begun to write here, and this one is stopped: let that one end, or "
            "give each a folder of its own"
        )
