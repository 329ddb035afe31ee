"""``make lab``: a real JupyterLab on a notebook, which shows Chinese on a machine without a Chinese font."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pylopdf_fonts_zh_cn
import pytest

from campaign_analytics.lab.jupyterlab import _decline_news
from tests.lab import serving

NOTEBOOK = "notebooks/01_who_qualifies.ipynb"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a server of this environment's leads to the notebook."""
    with serving.lab(NOTEBOOK) as address:
        yield address


def test_the_printed_address_leads_to_the_notebook(address: str) -> None:
    assert re.search(rf"/lab/tree/{NOTEBOOK}\?token=\w{{48}}$", address)


def test_the_page_asks_for_a_style_that_falls_back_to_our_chinese_font(address: str) -> None:
    with urlopen(address) as page:
        assert "/custom/custom.css" in page.read().decode()
    token = address.partition("?")[2]
    with urlopen(urljoin(address, f"/custom/custom.css?{token}")) as style:
        css = style.read().decode()
    assert css.count('"Noto Sans SC"') == 4  # its face, by name and by file of the machine; last of two families
    named = re.search(r'url\("(.+?)"\)', css)
    assert named
    with urlopen(urljoin(address, f"/custom/{named[1]}?{token}")) as font:
        assert font.read() == Path(pylopdf_fonts_zh_cn.sans_path()).read_bytes()


def test_nothing_is_served_to_who_has_no_token(address: str) -> None:
    with pytest.raises(HTTPError, match="403"):
        urlopen(urljoin(address, "/api/contents"))


def test_news_is_declined_unless_the_person_has_chosen(tmp_path: Path) -> None:
    _decline_news(tmp_path)
    (chosen,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert json.loads(chosen.read_text()) == {"fetchNews": "false", "checkForUpdates": False}
    chosen.write_text('{"fetchNews": "true"}')
    _decline_news(tmp_path)
    assert chosen.read_text() == '{"fetchNews": "true"}'
