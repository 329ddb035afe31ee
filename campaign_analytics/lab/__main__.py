"""``python -m campaign_analytics.lab NOTEBOOK``: JupyterLab; what follows the notebook is handed to it."""

from __future__ import annotations

import sys
from pathlib import Path

from campaign_analytics.errors import CampaignError
from campaign_analytics.lab.jupyterlab import open_lab

if __name__ == "__main__":
    try:
        open_lab(Path(sys.argv[1]), sys.argv[2:])
    except CampaignError as error:
        sys.exit(str(error))
