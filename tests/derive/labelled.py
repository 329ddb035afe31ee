"""How well the shipped word lists find what a person marked in titles: ``claims/*.toml``."""

from __future__ import annotations

import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path

from campaign_analytics.derive.claims_found import phrases_of_lists
from campaign_analytics.rulebook.load import load_rulebook

FOLDER = Path(__file__).with_name("claims")
SETS = ("titles", "held_out")


@dataclass(frozen=True)
class Score:
    """Hits that touch a marked claim, hits that touch none, and marked claims that no hit touches."""

    titles: int
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.titles + other.titles, self.right + other.right, self.wrong + other.wrong, self.missed + other.missed
        )


def read(name: str) -> dict[str, list[tuple[str, list[str]]]]:
    """By kind, titles each with the claims that are marked in it, as written."""
    held = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    return {kind: [(title, claims) for title, claims in entry["titles"]] for kind, entry in held.items()}


def measure(name: str) -> dict[str, tuple[Score, list[str]]]:
    """By kind the score, and the titles in which something is wrong or missed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lists = load_rulebook("spring_2024").lists
    phrases = phrases_of_lists(lists["absolute_claims"], lists["harmless_phrases"])
    measured: dict[str, tuple[Score, list[str]]] = {}
    for kind, titles in read(name).items():
        total, odd = Score(0, 0, 0, 0), list[str]()
        for title, claims in titles:
            hits = phrases.find([title])
            found = list(zip(hits.start.tolist(), hits.end.tolist(), strict=True))
            score = _scored(title, claims, found)
            total += score
            odd += [title] if score.wrong or score.missed else []
        measured[kind] = total, odd
    return measured


def _scored(title: str, claims: list[str], found: list[tuple[int, int]]) -> Score:
    marked, after = list[tuple[int, int]](), 0
    for claim in claims:
        after = title.index(claim, after)
        marked.append((after, after + len(claim)))
    right = sum(any(s < e2 and s2 < e for s2, e2 in marked) for s, e in found)
    missed = sum(not any(s < e2 and s2 < e for s2, e2 in found) for s, e in marked)
    return Score(1, right, len(found) - right, missed)
