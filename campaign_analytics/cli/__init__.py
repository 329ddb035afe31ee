"""The command line: who qualifies, what a rulebook says, an invented market to try things on.

Exit codes: 0 results were written, 1 refused (the reason is on stderr), 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from campaign_analytics.cli.options import as_typed
from campaign_analytics.cli.parser import parser
from campaign_analytics.cli.terminal import red
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.reasons import in_language
from campaign_analytics.words import say

REFUSED, STOPPED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; wrong usage leaves by ``SystemExit(2)``, as argparse does."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Chinese shows question marks
    asked = parser().parse_args(arguments)
    try:
        asked.run(asked)
        sys.stdout.flush()
    except CampaignError as error:
        lang = getattr(asked, "lang", "en")
        return _refuse(as_typed(in_language(str(error), lang), asked), lang)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{where}{error.strerror or error}")
    except MemoryError:
        return _refuse("there is not enough memory for this market; assess it in parts")
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    return 0


def _refuse(reason: str, lang: str = "en") -> int:
    print(red(say("refused", lang), sys.stderr), reason, sep="\n" if "\n" in reason else " ", file=sys.stderr)
    return REFUSED
