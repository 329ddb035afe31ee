"""Reading ahead: while one part of a market is looked at, the next one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

Of = TypeVar("Of")
Read = TypeVar("Read")


def ahead(read: Callable[[Of], Read], each: Sequence[Of]) -> Iterator[tuple[Of, Read]]:
    """Each one and what is read of it, in their order; two at most are held. What reading raises is raised here."""
    if not each:
        return
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(read, each[0])
        for one, after in pairwise(each):
            held = coming.result()
            coming = reader.submit(read, after)
            yield one, held
        yield each[-1], coming.result()
