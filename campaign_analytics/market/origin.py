"""Where rows stand: in which file, and at which number a spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaign_analytics.market.schema import Array


@dataclass(frozen=True, eq=False)
class Origin:
    """The places of n rows; indexing takes some of them."""

    numbers: Array  # (n,) row numbers as a spreadsheet counts them
    files: tuple[str, ...]
    codes: Array  # (n,) which of ``files``

    @classmethod
    def of(cls, file: str, numbers: Array) -> Origin:
        """Rows of one file."""
        return cls(numbers, (file,), np.broadcast_to(np.int16(0), len(numbers)))

    @classmethod
    def joined(cls, parts: Sequence[Origin]) -> Origin:
        """The rows of several files, one after the other."""
        if len(parts) == 1:
            return parts[0]
        files = tuple(dict.fromkeys(file for part in parts for file in part.files))
        codes = [np.array([files.index(file) for file in part.files], np.int16)[part.codes] for part in parts]
        return cls(np.concatenate([part.numbers for part in parts]), files, np.concatenate(codes))

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: Array) -> Origin:
        return Origin(self.numbers[rows], self.files, self.codes[rows])

    def of_file(self, file: str) -> Array:
        """(n,) bool: which rows stand in ``file``."""
        return np.isin(self.codes, [place for place, each in enumerate(self.files) if each == file])
