# What a developer does here. `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
VEND := $(BIN)/vend

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.venv/installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: setup
setup: .venv/installed ## install everything into .venv, pinned by hash

.PHONY: run
run: setup ## the main job on the sample organization, against an embedded AWS; ENGINE=temporal: on two workers; LANDING_ZONE=1: with Control Tower
	@BIN=$(BIN) sh tools/$(if $(filter-out 0,$(LANDING_ZONE)),demo_landing_zone,demo).sh

.PHONY: check
check: setup ## lint, types, import contracts, sizes, schemas, samples
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_sizes.py
	$(BIN)/check-jsonschema --check-metaschema schemas/*.json
	$(BIN)/check-jsonschema --schemafile schemas/settings.schema.json vending.yaml
	$(BIN)/check-jsonschema --schemafile schemas/organization.schema.json account-requests/_organization.yaml
	find account-requests -name _defaults.yaml -print0 | xargs -0 $(BIN)/check-jsonschema --schemafile schemas/defaults.schema.json
	find account-requests -name "[!_]*.yaml" -print0 | xargs -0 $(BIN)/check-jsonschema --schemafile schemas/account-request.schema.json
	sh tools/check_terraform.sh
	$(BIN)/python tools/terraform_readme.py --check
	$(BIN)/python tools/permissions.py --check
	$(BIN)/python tools/shipped.py --check
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/account-request.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci ci/gitlab/*.yml
	$(BIN)/zizmor --offline --quiet --no-progress .github action.yml
	$(BIN)/actionlint .github/workflows/*.yml
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --schemafile tests/contract/kubernetes.schema.json $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))
	$(VEND) validate
	$(VEND) --root samples/landing-zone validate

# Half of the time of a test is spent waiting for a process of its own: more of them than there are cores.
AT_A_TIME := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
.PHONY: test
test: setup ## all tests but the long ones
	$(BIN)/pytest -q -n $(AT_A_TIME)

.PHONY: soak
soak: setup ## long and statistical runs: fuzzing, large organizations
	$(BIN)/pytest -q -m soak --timeout 3600

.PHONY: bench
bench: setup ## measure; results and the machine go to benchmarks/README.md by hand
	$(BIN)/python -m benchmarks

LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate
.PHONY: lock
lock: setup ## pin the dependencies anew: of a developer, and, in the same versions, of the image and of its build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(LOCK) --extra sandbox --extra temporal --group dev pyproject.toml -o requirements/dev.txt
	$(LOCK) --constraint requirements/dev.txt --extra temporal pyproject.toml -o requirements/worker.txt
	echo hatchling | $(LOCK) --constraint requirements/dev.txt --python-version 3.11 - -o requirements/build.txt

.PHONY: clean
clean: ## remove what was built
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
