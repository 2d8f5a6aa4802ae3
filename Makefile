# The targets. `make` alone prints them. The first target that needs something installs it.
# Node 24 and all tools come from node_modules (npm package "node"): only npm, git and root or sudo are needed.

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# The sandbox for sandbox-up, -down and -status. `make test` has its own, named test.
SANDBOX ?= demo
# Where `make plugin` puts its links.
BINDIR ?= $(HOME)/.local/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test test-unit test-stories test-integration test-e2e format lint generate manifests images packages release \
        sandbox-up sandbox-down sandbox-status bench plugin docs docs-serve clean

help: ## Print these targets
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: ## Install the pinned packages (every target does)
	@PATH='$(SYSTEM_PATH)' ./scripts/install.sh

demo: install ## A stack from nothing to Ready; leaves the sandbox up
	@node sandbox/demo.ts

test: ## Every check and every test (what CI runs)
	@PATH='$(SYSTEM_PATH)' ./scripts/install.sh || { echo '0 passed, 1 failed'; exit 1; }
	@node test/run.ts

test-unit: install ## Unit tests: no service needed, half a minute
	@node test/run.ts --only unit

test-stories: install ## Stories: whole lives and whole jobs, no service needed
	@node test/run.ts --only stories

test-integration: install ## Tests against real services, without whole stacks
	@node test/run.ts --only integration

test-e2e: install ## The demo's story with assertions
	@node test/run.ts --only e2e

format: install ## Format all sources (oxfmt, 110 columns)
	@oxfmt .

lint: install ## Check generated files, oxfmt, oxlint, knip, tsc
	@node test/run.ts --only checks

generate: install ## Write what follows from CRDs, commands and metrics
	@node crds/generate.ts
	@node release/generate.ts
	@node scripts/command-docs.ts
	@node scripts/doctor-docs.ts
	@node monitoring/generate.ts
	@node scripts/manifests.ts --files

manifests: install ## Render deploy/ from the Helm chart
	@node scripts/manifests.ts

.PHONY: pictures
pictures: install ## Make the pictures of the docs anew, in Chromium
	@node scripts/pictures.ts

# BINDIR is ~/.local/bin by default. The demo brings a plug-in of its own.
plugin: install ## Bundle `kubectl jtel`, and link it into BINDIR
	@node images/plugin.ts
	@mkdir -p $(BINDIR) && ln -sf $(CURDIR)/.plugin/bin/kubectl-jtel $(CURDIR)/.plugin/bin/kubectl_complete-jtel $(BINDIR)/
	@echo 'kubectl jtel is in $(BINDIR)'; case ':$(SYSTEM_PATH):' in *:$(BINDIR):*) ;; *) echo 'which is not in your PATH yet' ;; esac

packages: install ## npm package, executables, krew manifest (URI=…)
	@node packaging/packages.ts packages $(if $(URI),--uri $(URI))

release: export VERSION := $(VERSION)
release: export KEY := $(KEY)
release: export BASE := $(BASE)
release: export URI := $(URI)
release: export BUILDER := $(BUILDER)
release: install ## Make release VERSION=x.y.z into dist/ (KEY=cosign.key)
	@node packaging/release/release.ts

.PHONY: set-version
set-version: export VERSION := $(VERSION)
set-version: install ## Write VERSION=x.y.z into the sources
	@node packaging/release/set-version.ts
	@node scripts/manifests.ts

images: install ## Build the images: operator, toolbox, stand-ins
	@node images/images.ts
	@node sandbox/stand-ins/images.ts

sandbox-up: install ## Control plane, compose hosts, registry, blob storage
	@node sandbox/cli.ts up --name $(SANDBOX)

sandbox-down: install ## Remove the sandbox and everything that runs in it
	@node sandbox/cli.ts down --name $(SANDBOX)

sandbox-status: install ## Show what runs in the sandbox, and how to reach it
	@node sandbox/cli.ts status --name $(SANDBOX)

# JTEL_DOCS_BASE=/path/ if the site lies below the root of its server.
docs: install ## Build the documentation as a site, in .docs-site
	@vitepress build docs && echo 'The site lies in .docs-site; make docs-serve shows it.'

docs-serve: docs ## Serve that site on this machine: http://localhost:4173
	@vitepress preview docs

bench: install ## Run all benchmarks, or NAME=check.noop
	@node bench/run.ts $(NAME)

# crash, stale, control-plane, specification, security, simulation, faults (of blob stores), hosts, docker-versions, world (reports), release (same bytes), flux (customers in git):
# test/campaigns/README.md.
campaign-%: install ## Run a campaign in its long form: campaign-crash, …; ARGS='--seed 7' of campaign-simulation
	@node test/campaigns/run.ts $* $(ARGS)

clean: ## Remove all that can be made again; sandbox-down first
	@if [ -n "$$(find .sandbox -type f 2>/dev/null | head -n 1)" ]; then echo 'A sandbox is up or was: make sandbox-down first' >&2; exit 1; fi
	rm -rf node_modules coverage .docs-site .plugin packages dist .sandbox
