"""Archives: a part for each table in each of their files, whatever these are called."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TypeAlias

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Found, Opened, Unread
from campaign_analytics.market.opening.zips import Room, members, unpacked
from campaign_analytics.market.quality import shown
from campaign_analytics.market.raw import Raw

#: Called with a file's path in the archive, its place for messages, and what unpacks it.
OpenMember: TypeAlias = Callable[[PurePosixPath, str, Callable[[], Raw]], Opened]
#: Marks of files that programs leave for themselves.
_IDLE = (".", "~$", "_")


def open_archive(place: str, data: bytes, room: Room, open_member: OpenMember) -> Opened:
    """Open every file in a zip file by ``open_member``. One that can't be opened is told; it stops no other.

    What is in an archive in it has the path that it would have, were that one unpacked into a folder of its name.
    """
    found: list[Found] = []
    unread: list[Unread] = []
    seen: set[PurePosixPath] = set()
    for name, info, held in members(place, data, room):
        path = _path(name)
        if any(part.startswith(_IDLE) for part in path.parts):
            continue
        where = f"{place}: {shown(str(path))}"
        if path in seen:
            unread.append(Unread(where, "a second file of this name"))
            continue
        seen.add(path)
        try:
            opened = open_member(path, where, partial(_raw, where, info, held))
        except MarketError as error:
            unread.append(Unread(where, str(error), str(path)))
            continue
        inner = path.with_suffix("")
        found += [replace(each, member=str(inner / each.member if each.member else path)) for each in opened.found]
        unread += [each._replace(broken=str(inner / each.broken) if each.broken else "") for each in opened.unread]
    if not found and not unread:
        raise MarketError(f"{place} is empty; expected files of tables in it")
    return Opened(found, unread)


def _raw(place: str, info: zipfile.ZipInfo, held: zipfile.ZipFile) -> Raw:
    return Raw.of(unpacked(place, info, held), place)


def _path(name: str) -> PurePosixPath:
    """A member's name as a path within the archive: drives, roots and steps upwards in it lead nowhere."""
    plain = "".join(char if char.isprintable() else "?" for char in name)
    return PurePosixPath(*(part for part in plain.replace("\\", "/").split("/") if part.strip(". ")))
