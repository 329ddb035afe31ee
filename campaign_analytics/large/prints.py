"""Whether the files of a market are what they were when it was counted, coded, or begun with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from campaign_analytics.errors import CampaignError, MarketError
from campaign_analytics.large.seen import fingerprint, same
from campaign_analytics.large.source import Source
from campaign_analytics.market.behind import Files


def files_of(source: Source) -> Files:
    """The files of a market as they were when it was opened, not hashed."""
    return Files(str(Path(source.place).resolve()), {str(file.resolve()): held for file, held in source.seen.items()})


def hashed(files: Files) -> Files:
    """The same with hashes. One that has changed since it was read gets none, and will be told as changed."""
    return Files(
        files.place,
        {
            file: held._replace(hash=fingerprint(Path(file))) if same(Path(file), held) and not held.hash else held
            for file, held in files.prints.items()
        },
    )


def still(source: Source) -> None:
    """Raise ``MarketError`` where files have changed since a market was opened."""
    if wrong := turned(files_of(source), source):
        raise MarketError(f"{source.place}: {wrong} since the run began; run the same again")


@contextmanager
def unchanged(source: Source) -> Iterator[None]:
    """What is made of a market counts only where its files are still what they were at the end, as ``still`` says; so
    does what goes wrong with them."""
    try:
        yield
    except Exception:
        still(source)
        raise
    still(source)


def checked(files: Files, now: Source, what: object) -> None:
    """Raise ``CampaignError`` where files of a market are gone, have changed or are new since ``what`` was made."""
    if wrong := turned(files, now):
        raise CampaignError(
            f"{files.place}: {wrong} since {what} was made, so what it counts can't be listed; put the files back as "
            "they were, or make it again"
        )


def turned(files: Files, now: Source) -> str:
    """Which files of a market are gone, have changed or are new; "" of none."""
    held = [Path(file) for file in files.prints]
    told = {
        "gone": [file for file in held if not file.exists()],
        "changed": [file for file in held if file.exists() and not same(file, files.prints[str(file)])],
        "new": sorted({file.resolve() for file in now.seen}.difference(held)),
    }
    return "; ".join(f"{_named(which)} {how}" for how, which in told.items() if which)


def _named(files: Sequence[Path]) -> str:
    return f"{', '.join(file.name for file in files)} {'is' if len(files) == 1 else 'are'}"
