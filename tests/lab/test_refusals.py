"""What the two commands cannot open they name; what they open is served without a wait between messages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from campaign_analytics.cli import main
from campaign_analytics.lab import connection


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # the commands change theirs, which is that of a process
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    return here


@pytest.mark.parametrize("verb", ["lab", "dashboard"])
@pytest.mark.parametrize("named", [[], ["other.ipynb"], ["."], ["notes.txt"], ["../outside.ipynb"]])
def test_a_notebook_that_is_not_there_is_named(
    folder: Path, verb: str, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").touch()
    (folder.parent / "outside.ipynb").touch()
    assert main([verb, *named]) == 1
    said = capsys.readouterr().err
    assert f"no notebook {named[0] if named else 'notebooks'}" in said
    assert f"in {folder}: start in the folder that holds it, or name another" in said


@pytest.mark.parametrize(
    ("verb", "module", "name"), [("lab", "jupyterlab.labapp", "JupyterLab"), ("dashboard", "voila.app", "Voila")]
)
def test_a_server_that_is_not_installed_is_named(
    folder: Path, verb: str, module: str, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.ipynb").touch()
    monkeypatch.setitem(sys.modules, module, None)
    assert main([verb, "one.ipynb"]) == 1
    assert f"{name} is not installed: pip install 'campaign-analytics[lab]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "server", "method"),
    [("lab", "jupyterlab.labapp.LabApp", "initialize_server"), ("dashboard", "voila.app.Voila", "initialize")],
)
def test_each_server_is_told_of_the_prompt_connection(
    folder: Path, verb: str, server: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.ipynb").touch()
    told = list[str]()

    class Told(Exception):
        pass

    def start(*_: object, argv: list[str]) -> None:
        told.extend(argv)
        raise Told

    monkeypatch.setattr(f"{server}.{method}", start)
    with pytest.raises(Told):
        main([verb, "one.ipynb"])
    (named,) = (each for each in told if "kernel_websocket_connection_class" in each)
    assert named.partition("=")[2] == f"{connection.__name__}.{connection.PromptConnection.__name__}"


def test_a_connection_sends_at_once_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    done = list[str]()

    class Handler:
        def set_nodelay(self, value: bool) -> None:
            done.append(f"set_nodelay {value}")

    class Opened(connection.PromptConnection):
        def __init__(self) -> None:
            pass

        websocket_handler = Handler()  # type: ignore[assignment]

    def connect(self: object) -> None:
        done.append("connect")

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", connect)
    Opened().connect()
    assert done == ["set_nodelay True", "connect"]
