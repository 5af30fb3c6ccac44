# Everything a developer runs. "make help" lists it. Works with GNU make 3.81 and newer.

TAGS    := migrated_fynedo,no_emoji,no_metadata,fts5
GO      ?= go
BINARY  := trestle
# Where Go's own installer puts it, for shells that do not look there.
export PATH := $(PATH):/usr/local/go/bin
# The race detector compiles every package a second time, C included. The program itself (app, with OpenGL's C) has
# no goroutines of its own worth that, and its tests drive a separate process. The window's tests run both ways: those
# that only paint are left out under the race detector. The second run is never taken from the cache: it drives a display
# and a program that Go's cache knows nothing of.
RACED   := ./internal/... ./assets/... ./workspaces/...

.DEFAULT_GOAL := help
.PHONY: help run build windows test long proof bench fmt vet clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build the program and open the window on the sample project (or its tour, without a display)
	@.ci/need build
	@$(MAKE) --no-print-directory build
	@.ci/show ./$(BINARY)

build: ## build ./trestle
	@.ci/need go
	@test -e $(BINARY) || echo "Building. The first time compiles SQLite and OpenGL's bindings: two to five minutes."
	$(GO) build -tags $(TAGS) -o $(BINARY) ./app

windows: ## cross-build dist/trestle.exe (needs gcc-mingw-w64-x86-64-posix)
	@.ci/need windows
	@mkdir -p dist
	CC=x86_64-w64-mingw32-gcc CGO_ENABLED=1 GOOS=windows GOARCH=amd64 \
		$(GO) build -tags $(TAGS) -ldflags "-s -w -H=windowsgui" -o dist/trestle.exe ./app

test: ## run all tests, those of the window included; needs no display
	@.ci/need test
	$(GO) test -tags $(TAGS) -race -timeout 15m $(RACED)
	$(GO) test -tags $(TAGS) -timeout 10m -count=1 ./app/... ./internal/ui

long: ## fuzz every parser for a minute each
	@.ci/need test
	@TAGS=$(TAGS) GO=$(GO) .ci/fuzz 60s

proof: ## the long forms of the workspace's tests: kills, power cuts, damage, a million messages (some hours, 10 GB)
	TRESTLE_LONG=1 TRESTLE_MILLION=1000 $(GO) test -tags $(TAGS) -timeout 8h -count=1 -v ./internal/workspace/...

bench: ## run the benchmarks; TRESTLE_CORPUS names the folder of the large files
	$(GO) test -tags $(TAGS) -run '^$$' -bench . -benchmem ./internal/...

fmt: ## format the code
	$(GO) fmt ./...

vet: ## go vet, staticcheck and the formatting, as the build server asks for them
	@odd=$$("$$($(GO) env GOROOT)/bin/gofmt" -l app assets internal workspaces) && test -z "$$odd" || \
		{ echo "$$odd"; echo 'not formatted: run "make fmt"'; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(GO) tool staticcheck -tags $(TAGS) ./...

clean: ## remove what was built
	rm -rf $(BINARY) $(BINARY).exe dist tour
