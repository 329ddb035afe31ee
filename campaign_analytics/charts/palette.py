"""Colours that colour-blind people tell apart (Okabe and Ito), and the mark that goes with each: never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"

# On white only these carry text (contrast of 4.5 and more).
INK: Final = "#1a1a1a"
QUIET: Final = "#595959"
FAINT: Final = "#767676"
BLUE_TEXT: Final = BLUE
VERMILION_TEXT: Final = "#B34700"
ORANGE_TEXT: Final = "#8a5a00"

LINE: Final = "#d0d0d0"
PAPER: Final = "#ffffff"


@dataclass(frozen=True)
class Look:
    """How one outcome is shown everywhere: mark, fill, colour of its text, hatching."""

    mark: str
    fill: str
    text: str
    hatch: str = ""  # drawn in the colour of the text


PASS = Look("✓", BLUE, BLUE_TEXT)
FAIL = Look("✗", VERMILION, VERMILION_TEXT)
UNKNOWN = Look("?", "#f6dca3", ORANGE_TEXT, "////")

VERDICTS: Final = {"pre_qualified": PASS, "ineligible": FAIL, "undetermined": UNKNOWN}


def shade(share: float, full: float) -> str:
    """From white at 0 to vermilion at ``full``; dark text stays readable on every step."""
    part = min(max(share / full, 0.0), 1.0) if full > 0 else 0.0
    ends = [(int(PAPER[i : i + 2], 16), int(VERMILION[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in ends)
