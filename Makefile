# Copyright The sealwax Authors
# SPDX-License-Identifier: Apache-2.0
#
# Every target is a command or two that also work by hand. Go, bash and make are
# enough for all but `peers`; `make test` names the peers that are absent.
SHELL    := bash
tool     := go tool -modfile=tools/go.mod
# The race detector needs a C compiler; without one the tests still run.
race     := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
FUZZTIME ?= 1m
BENCH    ?= .

.PHONY: build install fmt test noskip check fuzz bench performance cross peers deep

# sealwax itself never needs cgo; its helpers do, and are built where it is there.
build:
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...
	scripts/helpers build bin

install:
	CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' ./cmd/...
	scripts/helpers install

fmt:
	$(tool) golangci-lint fmt

test:
	scripts/peers --run go test $(race) -timeout 20m ./...
	scripts/peers --run scripts/nested go test -timeout 20m ./...

# The same without the race detector; with every peer required, no test may skip.
noskip:
	SEALWAX_PEERS=required scripts/peers --run scripts/noskip

check:
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	go mod tidy -diff
	go vet ./...
	scripts/nested go vet ./...
	$(tool) golangci-lint run
	scripts/nested go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run -c $(CURDIR)/.golangci.yml
	go test -run '^Test(Floors|Headers|Docs)' . ./cmd/...

fuzz:
	scripts/fuzz $(FUZZTIME)

bench:
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

# Writes docs/performance.md: ratios against the reference tools, in one run.
performance:
	scripts/peers --run go run ./scripts/performance

cross:
	scripts/cross

peers:
	scripts/peers
	scripts/modules

# What takes hours: long fuzzing, every check deleted in turn, benchmarks.
deep:
	scripts/fuzz 10m
	SEALWAX_DEEP=1 SEALWAX_PEERS=required scripts/peers --run go test ./cmd/sealwax -run TestLargePrograms
	go run ./scripts/mutate . ./key/... ./format/... ./trust/... ./policy/... ./source/... ./gate/... ./internal/...
	$(MAKE) bench BENCH=. | tee bench.txt
