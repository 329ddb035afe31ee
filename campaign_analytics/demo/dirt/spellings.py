"""Cells in other spellings: each kind gives a tidy text as somebody else writes it, and loses nothing of it.

A kind takes the text of a tidy export (28.80, 95.3%, 1077, 2024-02-24 21:34:04) and gives another, or the same one
where it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})

# Numbers of any kind


def full_width(text: str) -> str:
    return text.translate(_WIDE)


def spaces_around(text: str) -> str:
    return f" {text}　"


def thousands(text: str) -> str:
    whole, point, parts = text.partition(".")
    return f"{int(whole):,}{point}{parts}"


def zeros_behind(text: str) -> str:
    return f"{text}00" if "." in text else f"{text}.00"


def plus_sign(text: str) -> str:
    return f"+{text}"


def ten_thousands(text: str) -> str:
    return f"{Decimal(text).scaleb(-4).normalize():f}万" if Decimal(text) >= 10_000 else text


# Money


def yen_sign(text: str) -> str:
    return f"¥{text}"


def wide_yen_and_yuan(text: str) -> str:
    return f"￥{text}元"


def yuan(text: str) -> str:
    return f"{text} 元"


def currency_code(text: str) -> str:
    return f"RMB {text}"


def thousands_of_yuan(text: str) -> str:
    return f"¥{thousands(text)}"


def no_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def binary_noise(text: str) -> str:
    """What a program prints that adds 0.1 and 0.2."""
    return f"{text}0000000000001" if "." in text and 1 <= float(text) < 10_000 else text


# Rates: the unit is a column's


def share(text: str) -> str:
    return f"{Decimal(text.removesuffix('%')).scaleb(-2).normalize():f}"


def bare_percent(text: str) -> str:
    return text.removesuffix("%")


def spaced_percent(text: str) -> str:
    return text.replace("%", " %")


def wide_percent(text: str) -> str:
    return text.replace("%", "％")


# Days and times


def slashes(text: str) -> str:
    """2024/2/4 9:05:07, as a spreadsheet in China shows it."""
    moment = datetime.fromisoformat(text)
    return f"{moment.year}/{moment.month}/{moment.day}" + _clock(text, moment)


def points(text: str) -> str:
    return slashes(text).replace("/", ".")


def ideographs(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return f"{moment.year}年{moment.month}月{moment.day}日" + _clock(text, moment)


def digits_alone(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def iso_t(text: str) -> str:
    return text.replace(" ", "T")


def iso_zone(text: str) -> str:
    return text.replace(" ", "T") + "+08:00" if " " in text else text


def midnight(text: str) -> str:
    return text if " " in text else f"{text} 00:00:00"


def tenths(text: str) -> str:
    return f"{text}.0" if " " in text else text


def _clock(text: str, moment: datetime) -> str:
    return f" {moment.hour}:{moment.minute:02d}:{moment.second:02d}" if " " in text else ""


_FIRST_SERIAL = date(1899, 12, 30)


def serial(text: str) -> str:
    """A spreadsheet's number of a day."""
    moment = datetime.fromisoformat(text)
    days = (moment.date() - _FIRST_SERIAL).days
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return str(days) if not seconds else f"{days + seconds / 86400:.9f}"


def epoch_seconds(text: str) -> str:
    return str(int(datetime.fromisoformat(f"{text}+08:00").timestamp())) if " " in text else text


def epoch_milliseconds(text: str) -> str:
    return str(int(datetime.fromisoformat(f"{text}+08:00").timestamp()) * 1000) if " " in text else text


# Identifiers, and texts


def apostrophe(text: str) -> str:
    return f"'{text}"


def trailing_tab(text: str) -> str:
    return f"{text}\t"


def point_zero(text: str) -> str:
    return f"{text}.0" if text.isdigit() else text


def formula_of_text(text: str) -> str:
    """What exports write so that a spreadsheet keeps all digits."""
    return f'="{text}"'


def byte_order_mark(text: str) -> str:
    return f"\ufeff{text}"


def zero_width(text: str) -> str:
    return f"\u200b{text}\u200b"


NUMBERS = ("count", "money", "number")
#: Kind -> the types that it spells. The first ones are settled once for a column: all of its cells, or none.
WHOLE: dict[Callable[[str], str], tuple[str, ...]] = {
    share: ("rate",),
    bare_percent: ("rate",),
}
SINGLE: dict[Callable[[str], str], tuple[str, ...]] = {
    thousands: NUMBERS,
    zeros_behind: NUMBERS,
    ten_thousands: ("count", "money"),
    yen_sign: ("money",),
    wide_yen_and_yuan: ("money",),
    yuan: ("money",),
    currency_code: ("money",),
    thousands_of_yuan: ("money",),
    no_zeros: ("money",),
    binary_noise: ("money",),
    spaced_percent: ("rate",),
    wide_percent: ("rate",),
    slashes: ("day", "time"),
    points: ("day", "time"),
    ideographs: ("day", "time"),
    digits_alone: ("day", "time"),
    iso_t: ("time",),
    iso_zone: ("time",),
    midnight: ("day",),
    tenths: ("time",),
    apostrophe: ("text",),
    trailing_tab: ("text",),
    byte_order_mark: ("text",),
    zero_width: ("text",),
}
#: Kinds that may come on top of another spelling.
ON_TOP: dict[Callable[[str], str], tuple[str, ...]] = {
    full_width: (*NUMBERS, "rate", "level"),
    spaces_around: (*NUMBERS, "rate", "level", "flag", "text", "set", "day", "time"),
}
#: Kinds of identifiers alone.
KEYS: tuple[Callable[[str], str], ...] = (point_zero,)
