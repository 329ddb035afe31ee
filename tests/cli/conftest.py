"""The command line as a user meets it: arguments in; exit code, text and files out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign_analytics.cli import main

SPRING = Path(__file__).parents[2] / "data" / "fixtures" / "spring"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def typed(*arguments: str | Path) -> Said:
        try:
            code = main([str(each) for each in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        return Said(code, *capsys.readouterr())

    return typed


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Two merchants and two offers, one of them with names that a spreadsheet would run."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "merchants.csv").write_text("merchant_id\nm1\n=m-2\n", "utf-8")
    (folder / "offers.csv").write_text("offer_id,merchant_id,category\no1,m1,女装\no2,=m-2,+cmd\n", "utf-8")
    (folder / "market.toml").write_text("as_of = 2024-02-26\n", "utf-8")
    return folder
