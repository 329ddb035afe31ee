"""What a rule's outcome is told as."""

from __future__ import annotations

from pathlib import Path

from tests.assess.trial import GOOD, assessed, trial


def test_a_threshold_that_varies_is_told_as_it_is_for_the_subject(tmp_path: Path) -> None:
    """Six must be sold, of fruit twenty; of what is in no aisle nobody knows."""
    rows = [GOOD | {"sold": 7, "aisle": aisle} for aisle in ("toys", "fruit", None)]
    result = assessed(trial(tmp_path), rows)
    told = [next(line.sentence for line in result.explain(f"o{i}").lines if line.rule == "sold") for i in range(3)]
    assert told[:2] == ["Sold is 7, needs at least 6: 1 to spare", "Sold is 7, needs at least 20: 13 short"]
    assert "cannot be decided" in told[2]
