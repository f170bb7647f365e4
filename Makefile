# One command says whether a checkout is good: make test. The rest: make help.

GO ?= go
BIN := bin
CACHE := .cache

# The linter's version is pinned in tools/go.mod and nowhere else. Its binary
# is kept by version, since building it takes minutes.
LINT_VERSION := $(shell sed -n 's,.*golangci-lint/v2 \(v[^ ]*\).*,\1,p' tools/go.mod)
LINT := $(CACHE)/bin/golangci-lint-$(LINT_VERSION)

# Every package but those of the whole-binary tests, ./e2e/...
UNIT := . ./caddymodule/... ./cmd/... ./internal/...

# No part of the build depends on git: a checkout that another user owns builds.
export GOFLAGS += -buildvcs=false

# What e2e-fleet leaves out, by words of the tests' names: tests that say
# themselves where keys and limits are kept, and what is the same wherever that
# is (texts, builds, the edges of HTTP, floods).
OWN_STORE := FLEET01|AFleetsQuota|ThreeGates|REDIS|Redis|PostgreSQL|Database|Disk|AReceiptHolds|AWaitThatIsShorter|AConnectionString|ACreationThatWasCutOff|ARevocationIsInForceThough|ALoginThat|FromGateToGate|CannotBeKeptAnywhere|KilledWhileItWrites|Faults|Panic
ANY_STORE := ARelease|EachWayToBuild|TheImageHolds|RULE0[1-4]|RULE0[68]|Snippet|ThatPagesName|PagesShow|Runbook|Comparison|Systemd|Xcaddy|OurBinary|Quickstart|OfTheContract|ALineOfThe|StatementOfAnExample|Help|Version|Shells|Terminal|StartThatCannotBe|NobodyReads|DoesNotAnswer|Proxy|Flood|LongToken|Framing|Chunks|RequestInABody|ServerRefuses|Method|Path|TwoReadings|Target|Spelling|Headers|ForwardedAddresses|HTTP2|WebSocket|StreamArrives|StreamsArrive|OutOfFiles|APIPage|Dashboard

# What make load runs: the tests that are shorter in make test.
LOAD ?= Flood|Refusals|Import|Kill|ReadByUpstreams

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: test
test: toolchain lint vet unit e2e e2e-fleet test-bench ## Check everything that must hold before a change lands

.PHONY: toolchain
toolchain: ## Check that what the tests need is there (as root on Debian: install all but Go)
	@tools/toolchain.sh

.PHONY: lint
lint: $(LINT) ## Run the linters
	$(LINT) run

.PHONY: vet
vet: ## Run go vet
	$(GO) vet ./...

.PHONY: unit
unit: ## Run the unit tests with the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $(UNIT)
	$(GO) test -run Alloc ./caddymodule ./internal/gateway

.PHONY: e2e
e2e: ## Run the whole-binary tests, which build the binary themselves
	$(GO) test -count=1 -timeout 40m ./e2e/...

.PHONY: e2e-fleet
e2e-fleet: ## Run those of them again with keys in PostgreSQL and limits in Redis for which that matters
	KEYSTILE_E2E_STORE=postgres KEYSTILE_E2E_LIMITER=redis $(GO) test -count=1 -timeout 40m -skip '$(OWN_STORE)|$(ANY_STORE)' ./e2e

.PHONY: attacks
attacks: ## Run the tests of docs/attacks.md, and list what came of each ID
	$(GO) run ./cmd/keystile-attacks

.PHONY: coverage-of-contract
coverage-of-contract: ## List which test would miss which line of the configuration, and run them
	cd e2e && $(GO) test -count=1 -timeout 15m -run OfTheContract -lines

.PHONY: load
load: ## Run the whole-binary tests of load at their full size, LOAD of them (a regular expression)
	KEYSTILE_FULL_LOAD=1 $(GO) test -count=1 -v -timeout 60m -run '$(LOAD)' ./e2e

.PHONY: soak
soak: ## Run the soak at its full size: twenty minutes on SQLite, and twenty on PostgreSQL and Redis
	KEYSTILE_FULL_LOAD=1 $(GO) test -count=1 -v -timeout 60m -run Soak ./e2e
	KEYSTILE_E2E_STORE=postgres KEYSTILE_E2E_LIMITER=redis KEYSTILE_FULL_LOAD=1 $(GO) test -count=1 -v -timeout 60m -run Soak ./e2e

.PHONY: build
build: ## Build bin/keystile
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(BIN)/keystile ./cmd/keystile

.PHONY: xbuild
xbuild: ## Build bin/caddy as xcaddy.toml says
	$(GO) run ./cmd/keystile-build

.PHONY: screenshots
screenshots: ## Save each page of the dashboard as pictures: screenshots/, light, dark and on a phone; and the two of the README
	KEYSTILE_SCREENSHOTS=$(CURDIR)/screenshots $(GO) test -count=1 -timeout 10m -run 'TestDashboardScreenshots' ./e2e

.PHONY: bench
bench: ## Measure Keystile beside others, with BENCH as flags (docs/benchmarks.md): about 25 minutes
	cd bench && $(GO) run . $(BENCH)

.PHONY: test-bench
test-bench: $(LINT) ## Check what make bench runs: lint, tests, and whether each contender does what is said of it
	cd bench && $(CURDIR)/$(LINT) run --config $(CURDIR)/.golangci.yaml ./...
	cd bench && $(GO) test -count=1 -timeout 10m ./...

.PHONY: microbench
microbench: ## Run the benchmarks of all packages
	$(GO) test -run '^$$' -bench . -benchmem $(UNIT)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s unless set)
	@tools/fuzz.sh

.PHONY: fuzz-most
fuzz-most: ## Run the fuzz targets of what clients, operators and managers send and write, for a minute each
	@FUZZTIME=1m FUZZONLY='Bearer|Stripped|FuzzCheck|PlainPath|DotSegment|FindAgrees|PatternsAre|GoReads|FuzzOptions|Import|FuzzDecode|AnyBody' tools/fuzz.sh

.PHONY: vuln
vuln: ## Hold the dependencies, and what of them is called, against the Go vulnerability database
	@tools/vuln.sh ./...

.PHONY: fmt
fmt: $(LINT) ## Format the source
	$(LINT) fmt

.PHONY: docs
docs: ## Write the generated documents anew
	$(GO) generate ./...

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-20s %s\n", $$1, $$2 }' Makefile

$(LINT):
	@echo "building golangci-lint $(LINT_VERSION)"
	@mkdir -p $(@D)
	@cd tools && CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(CURDIR)/$@.new github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@mv $@.new $@
