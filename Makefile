# Bare `make` lists the targets. A fresh machine needs Go 1.26, make and git for demo, build, test and lint.
.DEFAULT_GOAL := help

export CGO_ENABLED := 0
GOFLAGS_BUILD := -trimpath -ldflags "-s -w"
K6 := k6/ltlab-k6
PACKAGES := ./artillery/... ./cmd/... ./compose/... ./grafana/... ./internal/... ./telegraf/... ./toy-api/...

# Both binaries are always handed to go build: its cache knows better than make what changed.
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/ltlab and bin/ltlab-k6
	@mkdir -p bin
	go build $(GOFLAGS_BUILD) -o bin/ ./cmd/ltlab
	cd $(K6) && go build $(GOFLAGS_BUILD) -o ../../bin/ ./cmd/ltlab-k6

.PHONY: demo
demo: build ## start the embedded lab, run a shipped k6 scenario, print the result and the board's address
	@bin/ltlab start --engine embedded
	@bin/ltlab k6 -s smoke.js
	@echo && echo "The lab keeps running; look at the board above, then end it with:   bin/ltlab stop"

.PHONY: test
test: build ## run all tests that need Go alone
	go test -timeout 8m $$(go list $(PACKAGES) | grep -v /internal/cli$$)
	LTLAB_K6="$(CURDIR)/bin/ltlab-k6" go test -timeout 8m -count 1 ./internal/cli ./k6/... # not cached: go test does not see the binary change
	cd $(K6) && LTLAB_K6="$(CURDIR)/bin/ltlab-k6" go test -timeout 8m -count 1 ./...

.PHONY: e2e
e2e: build ## run the tests with a real browser, and every fault at short length (installs what it needs)
	e2e/run

.PHONY: faults
faults: build ## run every fault at full length and write docs/reliability.md
	LTLAB_FAULTS=full e2e/run faults

.PHONY: bench
bench: build ## measure the marks as ratios in one run and write docs/benchmarks.md
	e2e/run bench

.PHONY: bench-k6
bench-k6: build ## measure what k6's output costs, with and without InfluxDB, and write docs/benchmarks-k6.md
	e2e/run bench-k6

.PHONY: bench-artillery
bench-artillery: build ## measure what Artillery's plugin costs, in about half an hour, and write docs/benchmarks-artillery.md
	e2e/run bench-artillery

.PHONY: bench-boards
bench-boards: build ## measure how long the boards of an hour's run take, in the browser and in Flux, and write docs/benchmarks-boards.md
	e2e/run bench-boards

.PHONY: soak
soak: build ## run for an hour at 500 requests a second, and see what grows
	e2e/run soak

.PHONY: lint
lint: ## gofmt, vet for three systems, golangci-lint, module files in step
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet -tags e2e ./...
	GOOS=darwin go vet $(PACKAGES)
	GOOS=windows go build $(PACKAGES)
	cd $(K6) && go vet ./...
	go tool -modfile=tools/golangci-lint/go.mod golangci-lint run ./...
	cd $(K6) && go tool -modfile=../../tools/golangci-lint/go.mod golangci-lint run ./...
	go mod tidy -diff
	cd $(K6) && go mod tidy -diff

.PHONY: tidy
tidy: ## keep the module files in step
	go mod tidy
	cd $(K6) && go mod tidy

ARCHES := amd64 arm64

.PHONY: images
images: build ## make our own images from static binaries, where a Docker engine answers
	for arch in $(ARCHES); do \
	  install -d bin/images/$$arch && install -d -m 1777 bin/images/$$arch/root/tmp && \
	  GOOS=linux GOARCH=$$arch go build $(GOFLAGS_BUILD) -o bin/images/$$arch/ ./cmd/toy-api && \
	  (cd $(K6) && GOOS=linux GOARCH=$$arch go build $(GOFLAGS_BUILD) -o ../../bin/images/$$arch/ ./cmd/ltlab-k6) || exit 1; \
	done
	@if docker version >/dev/null 2>&1; then bin/ltlab rebuild; else \
	  echo "no Docker engine answers; ltlab makes the images from bin/images when one does"; fi

.PHONY: e2e-images
e2e-images: ## make the InfluxDB, Telegraf and Artillery images that tests of the Docker lab use
	e2e/images

.PHONY: dashboards
dashboards: ## write Grafana's dashboards from the boards' definitions
	go test -count 1 ./grafana -run TestTheDashboardsAreThoseOfTheBoards -update
	go test -count 1 ./internal/boards/... ./grafana
