# make lab          JupyterLab on the first notebook, in an environment of its own under .venv
# make dashboard    the what-if dashboard (notebook 3) as a page without code
# make test         everything that must hold before a change is handed in
# make bench        how fast, against reading, NumPy by hand and other libraries; writes benchmarks/results/
# make screenshots  the notebooks as they look in a browser, into docs/images/
# make lock         the pinned versions again, after a change of pyproject.toml (UPGRADE=1 takes newer ones)
PYTHON ?= python3
UV_VERSION := 0.13.9
NOTEBOOK ?= notebooks/01_who_qualifies.ipynb
DASHBOARD ?= notebooks/03_what_if.ipynb

BIN := .venv/bin
UV := $(BIN)/uv
INSTALLED := .venv/installed
SPARK := .venv/spark
EXTRAS := lab duckdb sql# all but spark, which is large: requirements-spark.txt
export UV_CACHE_DIR ?= $(CURDIR)/.venv/cache/uv
export VIRTUAL_ENV := $(CURDIR)/.venv

.PHONY: lab dashboard install test lint types pytest bench screenshots lock clean

lab: $(INSTALLED)
	@$(BIN)/python -m campaign_analytics.lab $(NOTEBOOK)

dashboard: $(INSTALLED)
	@$(BIN)/campaign-analytics dashboard $(DASHBOARD)

install: $(INSTALLED)

test: lint types pytest

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

pytest: $(INSTALLED) $(SPARK)
	$(BIN)/pytest -n auto --dist loadfile

bench: $(INSTALLED)
	$(BIN)/python benchmarks/assess.py
	$(BIN)/python benchmarks/what_if.py
	$(BIN)/python benchmarks/curves.py
	$(BIN)/python benchmarks/explain.py
	$(BIN)/python benchmarks/claims.py
	$(BIN)/python benchmarks/links.py
	$(BIN)/python benchmarks/monitor.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/scale.py

screenshots: $(INSTALLED)
	$(BIN)/python -m scripts.screenshots

$(INSTALLED): $(UV) requirements.txt pyproject.toml
	$(UV) pip install --quiet --require-hashes -r requirements.txt
	$(UV) pip install --quiet --no-deps --editable .
	@touch $@

$(SPARK): $(INSTALLED) requirements-spark.txt
	$(UV) pip install --quiet --require-hashes -r requirements-spark.txt
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(PYTHON) is Python %d.%d; 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo '$(PYTHON) comes without venv; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-cache-dir --disable-pip-version-check uv==$(UV_VERSION)

lock: $(UV)
	$(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
		--no-emit-index-url --no-header $(if $(UPGRADE),--upgrade) $(EXTRAS:%=--extra %) --group dev --group bench pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		$(if $(UPGRADE),--upgrade) --group spark -o requirements-spark.txt

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
