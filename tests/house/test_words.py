"""The catalogue of words can be read, and says everything in both languages."""

from __future__ import annotations

import tomllib
from pathlib import Path

WORDS = Path(__file__).parents[2] / "campaign_analytics" / "words.toml"


def test_every_word_is_there_once_in_both_languages() -> None:
    words = tomllib.loads(WORDS.read_text("utf-8"))
    assert [key for key, held in words.items() if not (held.get("en") and held.get("zh"))] == []
