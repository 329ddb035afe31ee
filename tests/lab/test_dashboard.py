"""``make dashboard``: a notebook as a page by a real Voila, which asks nothing of the outside."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import nbformat
import pylopdf_fonts_zh_cn
import pytest

from tests.lab import serving


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server of this environment's shows a small notebook of a Chinese name."""
    folder = tmp_path_factory.mktemp("folder")
    cells = [nbformat.v4.new_markdown_cell("# 标题"), nbformat.v4.new_code_cell("print('sum', 40 + 2)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "说明 1.ipynb")
    with serving.dashboard("说明 1.ipynb", folder) as address:
        yield address


@pytest.fixture(scope="module")
def page(address: str) -> str:
    with urlopen(address) as answer:
        return html.unescape(answer.read().decode())


def test_the_page_is_the_notebook_run_without_its_code(page: str) -> None:
    assert "标题" in page
    assert "sum 42" in page
    assert "40 + 2" not in page


def test_the_page_asks_nothing_of_the_outside(page: str) -> None:
    assert not re.search(r'<(?:link|script|img)[^>]*(?:href|src)="(?:https?:)?//', page)


def test_the_page_falls_back_to_our_chinese_font(address: str, page: str) -> None:
    asked = re.search(r'href="([^"]+chinese\.css[^"]*)"', page)
    assert asked
    with urlopen(urljoin(address, asked[1])) as style:
        css = style.read().decode()
    named = re.search(r'url\("(.+?)"\)', css)
    assert named
    with urlopen(urljoin(urljoin(address, asked[1]), named[1])) as font:
        assert font.read() == Path(pylopdf_fonts_zh_cn.sans_path()).read_bytes()


def test_who_has_no_token_is_asked_for_it(address: str) -> None:
    assert re.search(r"/\?token=\w{48}$", address)
    with urlopen(address.partition("?")[0]) as answer:
        assert "/login" in answer.geturl()
