"""Everyone takes a turn in each round, and is told by the best: others' work and warming up only ever add to it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Taken(NamedTuple):
    """Milliseconds: by the clock, and of processors in all threads."""

    wall: float
    cpu: float

    def __truediv__(self, other: Taken) -> Taken:  # type: ignore[override]
        """How many times as much."""
        return Taken(self.wall / other.wall, self.cpu / other.cpu)


def best(runs: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, Taken]:
    """The least of each, by name."""
    taken: dict[str, list[Taken]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            taken[name].append(Taken(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)))
    return {name: Taken(*map(min, zip(*each, strict=True))) for name, each in taken.items()}
