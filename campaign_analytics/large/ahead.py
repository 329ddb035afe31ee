"""Working ahead: while one part of a market is looked at, the next ones are made, on two cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

#: Parts that are made at a time.
THREADS = 2

Of = TypeVar("Of")
Made = TypeVar("Made")


def ahead(make: Callable[[Of], Made], each: Sequence[Of], threads: int = 0) -> Iterator[tuple[Of, Made]]:
    """Each one and what is made of it, in their order; what making raises is raised here. At most ``threads``, or
    ``THREADS``, are there besides the one that is looked at."""
    waiting, threads = iter(each), threads or THREADS
    with ThreadPoolExecutor(threads) as makers:
        coming = deque((one, makers.submit(make, one)) for one in islice(waiting, threads))
        while coming:
            one, making = coming.popleft()
            made = making.result()
            del making  # which holds what was made
            coming.extend((after, makers.submit(make, after)) for after in islice(waiting, 1))
            yield one, made
            del made
