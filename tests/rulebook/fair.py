"""The fair of ``fair.toml``, and how to change a line of it."""

from __future__ import annotations

from pathlib import Path

FAIR = Path(__file__).with_name("fair.toml").read_text("utf-8")


def changed(*changes: tuple[str, str]) -> str:
    """The fair's file with texts of it replaced; each must be there once."""
    text = FAIR
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def saved(folder: Path, text: str = FAIR) -> Path:
    """A file with ``text``."""
    path = folder / "fair.toml"
    path.write_text(text, "utf-8")
    return path
