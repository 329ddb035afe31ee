"""Whether files are what they were: by size and time, else by a hash of what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from campaign_analytics.errors import CampaignError
from campaign_analytics.large.source import Source, fingerprint
from campaign_analytics.market.behind import Files, Print


def files_of(source: Source) -> Files:
    """The files of a market as they are now, not hashed."""
    every = [file.resolve() for files in source.files.values() for file in files]
    return Files(str(Path(source.place).resolve()), {str(file): _seen(file) for file in every})


def hashed(files: Files) -> Files:
    """The same with hashes. One that has changed since it was read gets none, and will be told as changed."""
    return Files(
        files.place,
        {
            file: held._replace(hash=fingerprint(Path(file))) if same(Path(file), held) and not held.hash else held
            for file, held in files.prints.items()
        },
    )


def same(file: Path, held: Print) -> bool:
    """Whether a file is there and what it was."""
    if not file.exists():
        return False
    now = _seen(file)
    if now.bytes != held.bytes or now.at == held.at:
        return now.bytes == held.bytes
    return bool(held.hash) and fingerprint(file) == held.hash


def checked(files: Files, now: Source, what: object) -> None:
    """Raise ``CampaignError`` where files of a market are gone, have changed or are new since ``what`` was made."""
    held = [Path(file) for file in files.prints]
    there = {file.resolve() for each in now.files.values() for file in each}
    told = {
        "gone": [file for file in held if not file.exists()],
        "changed": [file for file in held if file.exists() and not same(file, files.prints[str(file)])],
        "new": sorted(there.difference(held)),
    }
    wrong = [f"{_names(which)} {'is' if len(which) == 1 else 'are'} {how}" for how, which in told.items() if which]
    if wrong:
        raise CampaignError(
            f"{files.place}: {'; '.join(wrong)} since {what} was made, so what it counts can't be listed; put the "
            "files back as they were, or make it again"
        )


def _seen(file: Path) -> Print:
    held = file.stat()
    return Print(held.st_size, held.st_mtime_ns)


def _names(files: Iterable[Path]) -> str:
    return ", ".join(file.name for file in files)
