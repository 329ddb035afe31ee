"""What files were like when they were first looked at: by size and time, else by a hash of what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

from campaign_analytics.errors import CampaignError
from campaign_analytics.large.said import said
from campaign_analytics.market.behind import Print

_BLOCK = 1 << 24  # bytes of a file that are hashed at once


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


def alone(manifest: Path, left: Print | None) -> None:
    """Raise ``CampaignError`` where a manifest is not as this run ``left`` it: another one has begun to write there."""
    if left and manifest.exists() and seen(manifest) != left:
        raise CampaignError(
            f"{manifest.parent}: another run has begun to write here, and this one is stopped: let that one end, or "
            "give each a folder of its own"
        )
