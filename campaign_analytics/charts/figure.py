"""A picture that answers one question: a title in words, what it shows, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from campaign_analytics.charts.fonts import FAMILY, drawable, typeface, wrap
from campaign_analytics.charts.palette import INK, PAPER, QUIET, Look

WIDTH: Final = 9.6  # inches; a notebook's column at 100 pixels an inch
MARGIN: Final = 0.2
TITLE, BODY, SMALL = 13.0, 9.5, 8.5  # points
_SHOWN, _DRAWN = 100, 150  # pixels an inch: the size on the page, and the sharpness behind it
_TEXT: Final[dict[str, Any]] = {"family": FAMILY, "usetex": False, "parse_math": False, "va": "center_baseline"}


class Chart(Figure):
    """A white page measured in inches from its top left corner: title, subtitle, a body, notes at the foot.

    Shows itself as one PNG in any notebook, whether pyplot was imported or not; belongs to no pyplot state.
    """

    def __init__(self, title: str, subtitle: str, notes: Sequence[str], body: float) -> None:
        """Room for ``body`` inches of drawing between the heading and the notes; it begins at ``self.top``."""
        room = WIDTH - 2 * MARGIN
        heading, explained = wrap(title, room - 0.1, TITLE), wrap(subtitle, room, BODY)
        foot = [line for note in notes for line in wrap(note, room, SMALL)]
        self.answer = title
        self.top = MARGIN + len(heading) * _leading(TITLE) + len(explained) * _leading(BODY) + 0.16
        end = self.top + body + 0.12
        height = end + len(foot) * _leading(SMALL) + MARGIN
        with typeface():
            super().__init__(figsize=(WIDTH, height), dpi=_SHOWN, facecolor=PAPER)
            FigureCanvasAgg(self)
            self.page: Axes = self.add_axes((0, 0, 1, 1))
        self.page.set(xlim=(0, WIDTH), ylim=(height, 0))
        self.page.set_axis_off()
        below = self._paragraph(MARGIN, heading, TITLE, INK)
        self._paragraph(below, explained, BODY, QUIET)
        self._paragraph(end, foot, SMALL, QUIET)

    def _paragraph(self, y: float, lines: Sequence[str], size: float, colour: str) -> float:
        for line in lines:
            self.write(MARGIN, y + _leading(size) / 2, line, size, colour)
            y += _leading(size)
        return y

    def write(self, x: float, y: float, text: str, size: float = BODY, colour: str = INK, align: str = "left") -> None:
        """Text whose line is centred on ``y``, set ``align`` ("left", "center", "right") at ``x``."""
        written = self.page.text(x, y, drawable(text), size=size, color=colour, ha=align, **_TEXT)
        if size == TITLE:  # our Chinese font has one weight
            written.set_path_effects([withStroke(linewidth=0.6, foreground=colour)])

    def box(self, x: float, y: float, w: float, h: float, fill: str) -> None:
        """A filled rectangle, its top left corner at (x, y)."""
        self.page.add_patch(Rectangle((x, y), w, h, facecolor=fill, linewidth=0))

    def hatched(self, x: float, y: float, w: float, h: float, look: Look) -> None:
        """A rectangle as ``box``, in the look of an outcome."""
        self.page.add_patch(Rectangle((x, y), w, h, fc=look.fill, hatch=look.hatch, ec=look.text, linewidth=0))

    def bar(self, x: float, y: float, w: float, h: float, parts: Sequence[tuple[int, Look]]) -> None:
        """Counts side by side, each as long as its share of ``w`` inches; ``h`` inches high around ``y``."""
        total = sum(count for count, _ in parts)
        for count, look in parts:
            if count:
                wide = w * count / total
                seen = max(wide - 0.015, 0.02)  # a hair's breadth to the next; one of thousands is still seen
                self.hatched(x, y - h / 2, seen, h, look)
                x += wide

    def line(self, y: float, colour: str) -> None:
        """A thin line across the page."""
        self.page.plot([MARGIN, WIDTH - MARGIN], [y, y], color=colour, linewidth=0.8, linestyle="-", marker="")

    def draw(self, renderer: RendererBase) -> None:
        """Draw with our fonts, whatever the user's settings are at that moment."""
        with typeface():
            super().draw(renderer)

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        raw, small = BytesIO(), BytesIO()
        self.savefig(raw, format="png", dpi=_DRAWN, facecolor=PAPER, bbox_inches=None)
        Image.open(raw).convert("RGB").quantize(256).save(small, "PNG")  # a third of the size
        wide, high = (round(inches * _SHOWN) for inches in self.get_size_inches())
        return small.getvalue(), {"width": wide, "height": high, "alt": self.answer}


def _leading(size: float) -> float:
    return size * 1.45 / 72
