"""Rules run over NumPy columns: chunk by chunk, in place, into one 64-bit word a subject.

A word holds up to 32 rules: bit ``i`` says that rule ``i`` fails, bit ``32 + i`` that it is unknown. More rules
take more words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from campaign_analytics.engines.steps import FALSE, TRUE, Builder, Step
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import Exact, columns

CHUNK = 1 << 16  # subjects in one pass: the registers stay in the second-level cache
RULES_PER_WORD = 32
_UNKNOWN_BYTE = 4  # bytes 0-3 of a word hold the fail bits, 4-7 the unknown bits
_NEVER = (FALSE,) * 8

Progress = Callable[[int, int], None]  # subjects done, subjects in all


class Runs(Protocol):
    """Conditions compiled for one table's columns, by any engine: see ``Program``."""

    def __init__(self, rules: Sequence[tuple[int, Exact]], cells: Mapping[str, Cells]) -> None: ...

    def run(self, rows: int, into: Array | None = None, progress: Progress | None = None) -> Array:
        """See ``Program.run``."""


class Program:
    """Conditions compiled for one table's columns; run as often as wanted.

    ``rules`` gives each rule's bit and its bound condition. ``cells`` must hold every column that the conditions read.
    """

    def __init__(self, rules: Sequence[tuple[int, Exact]], cells: Mapping[str, Cells]) -> None:
        builder = Builder(cells)
        no, doubt = {}, {}
        for bit, exact in rules:
            planes = builder.planes(exact)
            no[bit] = planes.no
            doubt[bit] = planes.doubt
        self.words = max((bit for bit, _ in rules), default=0) // RULES_PER_WORD + 1
        self._fails = _by_byte(no)
        self._doubts = _by_byte({bit: step for bit, step in doubt.items() if step != no[bit]})
        self._bytes = sorted(self._fails.keys() | self._doubts.keys())
        needed = {step for bit in no for step in (no[bit], doubt[bit])}
        self._lines, self._registers = _allocate(builder.steps, needed)
        self._sources = builder.sources

    def run(self, rows: int, into: Array | None = None, progress: Progress | None = None) -> Array:
        """Evaluate every rule for every subject.

        Gives (words, rows) uint64. ``into`` is such an array that already holds the bits of other rules (a merchant's,
        gathered to its offers); the bytes in which the rules of this program have bits are written in place.
        """
        words = np.zeros((self.words, rows), np.uint64) if into is None else into
        bytes_ = words.view(np.uint8).reshape(len(words), rows, 8)
        size = min(CHUNK, rows)
        registers = [np.empty(size, dtype) for dtype in self._registers]
        fails, doubts = np.empty(size, np.uint8), np.empty(size, np.uint8)
        for start in range(0, rows, CHUNK):
            stop = min(start + CHUNK, rows)
            values = self._evaluate(start, stop, registers)
            n = stop - start
            for byte in self._bytes:
                word, place = divmod(byte, _UNKNOWN_BYTE)
                target = bytes_[word, start:stop]
                _pack(self._fails.get(byte, _NEVER), values, fails[:n])
                target[:, place] = fails[:n]
                if byte in self._doubts:
                    _pack(self._doubts[byte], values, doubts[:n])
                    np.bitwise_not(fails[:n], out=fails[:n])
                    np.bitwise_and(doubts[:n], fails[:n], out=doubts[:n])
                    target[:, place + _UNKNOWN_BYTE] = doubts[:n]
            if progress:
                progress(stop, rows)
        return words

    def _evaluate(self, start: int, stop: int, registers: list[Array]) -> dict[int, Array]:
        n = stop - start
        values = {number: array[start:stop] for number, array in self._sources.items()}
        for number, step, register in self._lines:
            out = registers[register][:n]
            inputs = [values[i] for i in step.inputs]
            if step.dtype is np.bool_ or not isinstance(step.function, np.ufunc):
                step.function(*inputs, *step.constants, out=out)
            else:  # arithmetic runs in the result's type, which cannot overflow
                step.function(*inputs, *step.constants, out=out, dtype=step.dtype, casting="unsafe")
            values[number] = out
        return values


def _by_byte(steps: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
    """For every byte in which a rule can set a bit: the step behind each of its bits, highest first."""
    held: dict[int, list[int]] = {}
    for bit, step in steps.items():
        if step != FALSE:
            held.setdefault(bit // 8, list(_NEVER))[7 - bit % 8] = step
    return {byte: tuple(bits) for byte, bits in held.items()}


def _pack(bits: tuple[int, ...], values: Mapping[int, Array], out: Array) -> None:
    """Shift eight truth values into bytes, highest bit first."""
    started = False
    for step in bits:
        if started:
            np.add(out, out, out=out)
        if step == FALSE:
            continue
        bit = 1 if step == TRUE else values[step].view(np.uint8)
        if started:
            np.bitwise_or(out, bit, out=out)
        else:
            out[:] = bit
            started = True
    if not started:
        out.fill(0)


def _allocate(steps: list[Step], needed: set[int]) -> tuple[list[tuple[int, Step, int]], list[Any]]:
    """Give every step a register; one whose value is used no more serves again. Values in ``needed`` are kept to
    the end."""
    last = {i: number for number, step in enumerate(steps) for i in step.inputs}
    free: dict[Any, list[int]] = {}
    types: list[Any] = []
    lines: list[tuple[int, Step, int]] = []
    held: dict[int, int] = {}
    for number, step in enumerate(steps):
        if step.dtype is None:
            continue
        pool = free.setdefault(step.dtype, [])
        if pool:
            register = pool.pop()
        else:
            register = len(types)
            types.append(step.dtype)
        held[number] = register
        lines.append((number, step, register))
        for i in set(step.inputs):
            if i in held and last[i] == number and i not in needed:
                free.setdefault(steps[i].dtype, []).append(held[i])
    return lines, types


def evaluate(exact: Exact, cells: Mapping[str, Cells], rows: int) -> tuple[Array, Array]:
    """One condition over one table: where it is certainly false and where it is unknown, both (rows,) bool."""
    bytes_ = Program([(0, exact)], cells).run(rows).view(np.uint8).reshape(rows, 8)
    return bytes_[:, 0].astype(bool), bytes_[:, _UNKNOWN_BYTE].astype(bool)


def needed_columns(rules: Sequence[Exact]) -> set[str]:
    """The columns that bound conditions read."""
    return {name for exact in rules for name in columns(exact)}
