"""How much memory this process may hold while a market is assessed part by part."""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaign_analytics.errors import CampaignError

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_TOLD = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS)})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Limit:
    """See the module."""

    bytes: int | None  # None: any

    @classmethod
    def of(cls, told: str | None) -> Limit:
        """Read one such as "2GB". Raises ``CampaignError`` for what is none."""
        if told is None:
            return NONE
        found = _TOLD.fullmatch(str(told).strip())
        if found is None or not float(found[1]):
            raise CampaignError(f'memory_limit={told!r}: expected an amount of memory, such as "2GB" or "500 MB"')
        return cls(int(float(found[1]) * _UNITS[found[2].upper()]))

    def check(self, done: int, rows: int) -> None:
        """Raise ``CampaignError`` where more is held, ``done`` of so many offers being looked at, and not yet all."""
        if self.bytes is None or done >= rows:
            return
        import psutil  # which only those need who ask

        held = psutil.Process().memory_info().rss
        if held > self.bytes:
            raise CampaignError(
                f"{_shown(held)} of memory are held after {done:,} of {rows:,} offers, and memory_limit= allows "
                f"{_shown(self.bytes)}: Python and its libraries, all merchants, some parts of offers, and a count for "
                "every kind of outcomes. What was finished is valid: allow more, and run the same again"
            )


NONE = Limit(None)


def _shown(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
