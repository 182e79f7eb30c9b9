# `make` lists the commands. Each sets up what it needs in .venv; scripts/setup.sh says how.
# Other interpreter: make PYTHON=/path/to/python3.12 test. More arguments: make test ARGS="-k 03_celery".

PY := .venv/bin/python
ARGS ?=
PYTHON ?=
NUMBERED := 01_background_tasks 02_asyncio_create_task 03_celery 04_custom_queue
export PYTHON
export NO_MKDOCS_2_WARNING := 1
# The tests start hundreds of programs: compiled modules are kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help compare test quick slow bench survival claims lab 01 02 03 04 transcripts docs docs-build workshop check tables clean runtime dev bench-peers bench-arq

help:
	@awk -F ': .*## ' '/^[a-z0-9 %/-]+: .*## / {sub(/%.*/, "s1", $$1); printf "make %-12s %s\n", $$1, $$2}' Makefile

compare: runtime ## run the same jobs on all four, kill them, print the table
	@$(PY) -m lab compare $(ARGS)

test: dev ## run all tests
	@$(PY) -m pytest -n 4 $(ARGS)

quick: dev ## run the shared scenarios alone, without those marked as long, in under a minute
	@$(PY) -m pytest -n 5 -m "not long" tests/contract $(ARGS)

slow: dev ## run the tests that are too long for every run: once a month
	@$(PY) -m pytest -n 2 -m slow $(ARGS)
	@WORKSHOP_ANSWERS=all FUZZ_EXAMPLES=60 $(PY) -m pytest -n 2 \
		tests/workshop/test_workshop_checks.py tests/contract/input/test_fuzz.py $(ARGS)
	@FUZZ_TEXTS=5000 $(PY) -m pytest -n 2 \
		tests/recipes/test_any_text.py tests/contract/input/test_any_text.py \
		tests/work/test_any_text.py $(ARGS)

survival: runtime ## break each approach on purpose, print what survived (ARGS=--long: random kills)
	@$(PY) -m lab survival $(ARGS)

bench: runtime ## measure the queue of 04 against its peers, and the four under load
	@$(MAKE) -k --no-print-directory bench-peers bench-arq || \
		echo "Some peers are missing: their rows say so."
	@$(PY) -m bench $(ARGS)

claims: dev ## measure what articles claim, write the page about it
	@$(PY) -m pytest tests/claims -n 2 -m "" --record --ignore tests/claims/test_page.py $(ARGS)
	@$(PY) -m site_making

lab: runtime ## the live page: post jobs, break things, watch all four (ARGS="--record kill9_api")
	@$(PY) -m lab live $(ARGS)

01 02 03 04: runtime ## run one example with everything that it needs, until Ctrl-C
	@$(PY) -m lab run $@ $(ARGS)

01/% 02/% 03/% 04/%: runtime ## run one step of one example (01/s1 to 04/s7), reloaded on save
	@$(PY) -m lab step $@

transcripts: runtime ## run every step of the ladders, write anew what it prints (ARGS=01/s1: one)
	@$(PY) -m lab transcripts $(ARGS)

docs: dev ## serve the site on 127.0.0.1 with live reload
	@$(PY) -m mkdocs serve --strict --dev-addr 127.0.0.1:8008 $(ARGS)

docs-build: dev ## build the site: site/ for a server, site-folder/ to open from a folder
	@$(PY) -m mkdocs build --strict $(ARGS)
	@$(PY) -m mkdocs build --strict --config-file mkdocs.folder.yml $(ARGS)

workshop: runtime ## repair broken apps, with hints and checks; ARGS=--fast for 90 minutes
	@$(PY) -m workshop $(ARGS)

check: dev ## check formatting, lint, types and the Dockerfile
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@.venv/bin/hadolint Dockerfile
	@$(PY) -m mypy -p scenarios -p lab -p bench -p workshop -p site_making -p tests $(addprefix -p ,$(NUMBERED))
	@$(PY) -m mypy docs/traps

tables: runtime ## write the generated tables of README and site anew
	@$(PY) -m site_making $(ARGS)

clean: ## remove what these commands made: .venv, site, caches; asks before var, which holds jobs
	@rm -rf .venv site site-folder .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@[ ! -e var ] || { printf "Remove var, with its jobs, uploads and results? [y/N] "; \
		read answer || true; [ "$$answer" != y ] && echo "var stays." || rm -rf var; }
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# arq wants a redis of its own (below 6), so it gets a venv of its own.
bench-arq:
	@[ -e .venv/arq/.done ] || { $(PY) -m venv .venv/arq && .venv/arq/bin/python -m pip --quiet \
		--disable-pip-version-check install arq==0.28.0 && touch .venv/arq/.done; }

runtime dev bench-peers:
	@sh scripts/setup.sh $@
