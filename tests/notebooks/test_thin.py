"""Notebooks are thin, bilingual and committed without outputs, and speak Chinese when asked to."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
CHINESE = re.compile("[\u4e00-\u9fff]")


@every_notebook
def test_nothing_that_a_run_leaves_is_committed(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@every_notebook
def test_cells_are_short_and_headings_bilingual(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 15, cell.source
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("#"):
                assert " · " in line, line
                assert CHINESE.search(line), line


@every_notebook
def test_no_result_is_typed_into_a_text(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\d,\d{3}|\d\s*[%％]|\d+\s*(offers|merchants|个|家)", cell.source), cell.source


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that start kernels
@every_notebook
def test_in_chinese_from_the_root_of_the_repository(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(place, str(tmp_path / place))
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert 'LANG = "en"' in first.source
    first.source = 'LANG = "zh"'
    root = {"metadata": {"path": path.parents[1]}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=root).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs)
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) >= 1
    for data in shown:  # titles of tables, all in Chinese
        titles = re.findall("<th[^>]*>([^<]*)</th>", data.get("text/html", ""))
        assert all(CHINESE.search(title) for title in titles if title not in ("", "SKU")), titles
