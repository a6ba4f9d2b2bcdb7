# Everything a developer or a small institute types. `make run` and `make test` set up whatever they need themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two workers suit a small machine; override with JOBS=8.
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest
# Every test process would compile every module anew, which takes longer than reading all tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run test test-all lint types format demo bench lock clean
.DEFAULT_GOAL := run

define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
	@if test -x $(BIN)/uv; then $(BIN)/uv pip install --quiet --python $(BIN)/python -r $(1); \
	 else $(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(1); fi
	@touch $@
endef

$(VENV)/runtime: requirements.txt
	$(call install,requirements.txt)

$(VENV)/development: requirements-dev.txt
	$(call install,requirements-dev.txt)

setup: $(VENV)/development ## everything for development

run: $(VENV)/runtime ## web, worker and beat with demo data on http://localhost:8000 (PORT= to change)
	@$(BIN)/python -m config.up

test: $(VENV)/development ## the unit suite; needs nothing but Python
	$(PYTEST) -n $(JOBS) -m "not slow and not browser and not services"

# Three processes more than in `test`: those with the journeys wait half of their time.
test-all: $(VENV)/development ## the whole suite, with every service and browser that is found here
	$(PYTEST) -n $$(( $(JOBS) + 3 )) --dist worksteal

lint: $(VENV)/development ## style, import borders, templates, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python .ci/check_deploy.py

types: $(VENV)/development
	$(BIN)/mypy common accounts notifications courses assessments evaluations analytics config

format: $(VENV)/development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $$(git ls-files 'templates/*.html')

demo: $(VENV)/runtime ## demo data only (idempotent)
	$(BIN)/python manage.py migrate --noinput
	$(BIN)/python manage.py seed_demo

bench: $(VENV)/development ## figures of the main pages on PostgreSQL with a large database, as JSON
	$(BIN)/python -m tests.bench.run

lock: $(VENV)/development ## pins the dependencies of requirements*.in
	$(BIN)/uv pip compile requirements.in -o requirements.txt --no-header --no-emit-index-url -q
	$(BIN)/uv pip compile requirements-dev.in -o requirements-dev.txt --no-header --no-emit-index-url -q

clean: ## the environment and everything stored by the embedded default
	rm -rf $(VENV) var staticfiles
