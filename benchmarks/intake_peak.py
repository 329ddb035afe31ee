"""Read a market, its report included, and print the most memory, in MB, that this process ever held.

    python benchmarks/intake_peak.py FOLDER

Nothing else is imported: what makes the markets of the benchmarks has no part in the reading of one.
"""

from __future__ import annotations

import resource
import sys
import warnings
from pathlib import Path

from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.load import load_rulebook

warnings.simplefilter("ignore")  # the misprint of the notice
held = read_market(sys.argv[1], load_rulebook("spring_2024"))
assert str(held.quality)
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss counts what the process held that started this one
    kilobytes = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM")).split()[1]
    print(int(kilobytes) * 1024 / 1e6)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
