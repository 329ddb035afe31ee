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
from jupyterlab_server.workspaces_handler import slugify

from campaign_analytics.lab.jupyterlab import prepare
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


def test_a_first_choice_is_made_unless_the_person_has_chosen(tmp_path: Path) -> None:
    prepare(tmp_path / "settings", tmp_path / "workspaces")
    news, layout = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert json.loads(news.read_text()) == {"fetchNews": "false", "checkForUpdates": False}
    assert layout.stem == slugify("default")
    news.write_text('{"fetchNews": "true"}')
    layout.write_text("{}")
    prepare(tmp_path / "settings", tmp_path / "workspaces")
    assert (news.read_text(), layout.read_text()) == ('{"fetchNews": "true"}', "{}")
