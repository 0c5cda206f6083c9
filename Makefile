# Everything runs in .venv, which is made on first use and again only when a lock has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r
ARGS ?=

.PHONY: demo test check format bench soak both lock

demo: $(VENV)/.run
	@$(BIN)/python -m console demo $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 4 --dist loadgroup $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench $(ARGS)

soak: $(VENV)/.dev
	@$(BIN)/python -m pytest -m soak --timeout 3600 $(ARGS)

both: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 4 --both -m "alike and not soak" -k postgresql $(ARGS)

# Needs uv. No index address goes into a lock.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra build --extra dev pyproject.toml -o requirements-dev.lock

$(VENV)/.run: requirements.lock
	@began=$$(date +%s); \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Holdfast needs Python 3.11 or newer; say which with: make PYTHON=/path/to/python3.11"; exit 1; }; \
	echo "Making $(VENV) (once) ..."; \
	{ test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); } && $(INSTALL) requirements.lock && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation -e . && touch $@ && \
	echo "$(VENV) is ready after $$(( $$(date +%s) - began )) s"

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@began=$$(date +%s); echo "Adding the tools of developers ..."; \
	$(INSTALL) requirements-dev.lock && touch $@ && \
	echo "$(VENV) is ready for developers after $$(( $$(date +%s) - began )) s"
