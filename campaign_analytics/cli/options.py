"""What the commands of the command line have in common: help with examples, options, and values of options."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from campaign_analytics.errors import CampaignError
from campaign_analytics.large.limit import Limit

_ARGUMENT = re.compile(r"(?<!['\"])\b([a-z_]+)=(?:'([^']*)'|(?=[\s,;:.)]|$))")
EXIT_CODES = "exit codes: 0 results were written, 1 refused, 2 wrong usage"


def command(commands: Any, name: str, does: str, more: str) -> argparse.ArgumentParser:
    """Add a command that ``does`` something; ``more`` stands below its options: details and examples."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=does, **words(does, more))
    return added


def words(does: str, more: str) -> dict[str, Any]:
    """What argparse is told of a command."""
    epilog = f"{more.strip()}\n\n{EXIT_CODES}".strip()
    return {
        "description": f"{does[0].upper()}{does[1:]}.",
        "epilog": epilog,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def runs(command: argparse.ArgumentParser, module: str, name: str) -> None:
    """Let a command run the function ``name`` of ``campaign_analytics.cli.<module>``."""

    def run(asked: argparse.Namespace) -> None:
        # loaded only now, and pandas with it: help and wrong usage answer at once
        getattr(import_module(f"campaign_analytics.cli.{module}"), name)(asked)

    command.set_defaults(run=run)


def market_options(command: argparse.ArgumentParser) -> None:
    """The market, and by which rules and at which moment it is assessed."""
    command.add_argument("market", metavar="MARKET", type=place, help="a folder of tables, or a database's URL")
    command.add_argument("--as-of", metavar="DATE", help="the moment of the assessment; a day means its first moment")
    rulebook_options(command)


def part_options(command: argparse.ArgumentParser, counted: bool = True) -> None:
    """For a market that is too large to be held; where all of it is ``counted`` its memory can be limited."""
    command.add_argument(
        "--engine", choices=("numpy", "duckdb", "spark"), help="assess typed parquet files, of any size, part by part"
    )
    if counted:
        command.add_argument(
            "--memory-limit",
            metavar="2GB",
            type=_memory,
            help="stop such a run, with what is finished kept, where more is held",
        )


def rulebook_options(command: argparse.ArgumentParser, parameters: bool = True) -> None:
    """By which rules; where ``parameters`` matter, with other values of them."""
    command.add_argument("--rulebook", metavar="NAME|FILE", help="one that is shipped, or a file")
    command.add_argument("--variant", metavar="NAME", help="a variant of the rulebook, such as a corrected misprint")
    if parameters:
        command.add_argument("--set", metavar="NAME=VALUE", type=_setting, action="append", help="change a parameter")


def answer_options(command: argparse.ArgumentParser, of: str) -> None:
    """In which language, and whether for machines."""
    command.add_argument("--lang", choices=("en", "zh"), default="en", help="default: %(default)s")
    command.add_argument("--json", action="store_true", help=f"print {of} for machines")


def place(text: str) -> Path | str:
    """The type of an argument that is a path, or the URL of a database."""
    return text if "://" in text else Path(text)


def as_typed(message: str, asked: argparse.Namespace) -> str:
    """A message that names arguments ("out=", "engine='spark'") with the options that a command has for them."""

    def option(named: re.Match[str]) -> str:
        name, value = named.groups()
        return f"--{name.replace('_', '-')} {value or ''}".rstrip() if name in asked else named[0]

    return _ARGUMENT.sub(option, message)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE, such as max_price=12.50")
    return name.strip(), value.strip()


def _memory(text: str) -> str:
    try:
        Limit.of(text)
    except CampaignError as fault:
        raise argparse.ArgumentTypeError(str(fault).removeprefix("memory_limit=")) from None
    return text


def count(text: str) -> int:
    """The type of an option that counts."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def seed(text: str) -> int:
    """The type of an option that picks one of many random markets."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 0")
    return int(text)
