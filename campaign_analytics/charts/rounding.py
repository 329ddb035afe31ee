"""Round numbers for axes."""

from __future__ import annotations

import numpy as np

_STEPS = (1, 2, 2.5, 5, 1.5, 3)  # the best to read first


def round_steps(span: float, whole: bool) -> list[float]:
    """Round numbers from ``span`` to some two times of it; whole ones for whole values."""
    if span <= 0:
        return [1.0]
    ten = 10.0 ** np.floor(np.log10(span))
    steps = [float(n * scale) for n in _STEPS for scale in (ten, 10 * ten)]
    fitting = [step for step in steps if span * (1 - 1e-9) <= step <= 2.5 * span]
    return [step for step in fitting if step.is_integer()] or [float(np.ceil(span))] if whole else fitting


def levels(tallest: int) -> list[int]:
    """Round counts for the lines across, from 0."""
    step = int(min(round_steps(tallest / 3.5, whole=True)))
    return list(range(0, tallest + 1, step))
