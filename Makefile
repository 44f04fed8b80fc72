# `make` explains itself. Everything here works from a fresh clone; only `make test`, `make setup` and what they call
# install anything.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# How often the crash targets kill what they kill, and the soak targets do what they do; how many connections soak-doors
# opens; how many random histories of routing are tried; how long each fuzz target and benchmark runs, and each fuzz target
# of soak-fuzz; for how long soak-streams, soak-agents and soak-frames go on.
KILLS ?= 20
PAUSES ?= 10
ROUNDS ?= 3
CONTACTS ?= 20
HISTORIES ?= 2000
LIVES ?= 1000
CONNECTIONS ?= 1500
FUZZTIME ?= 20s
BENCHTIME ?= 1s
SOAKTIME ?= 5m
STREAMTIME ?= 60s
AGENTSTIME ?= 2m

# The commit that `make rates` compares this tree with, and how often it measures each.
BEFORE ?= HEAD~1
RUNS ?= 10

.PHONY: help
help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: build
build: ## build the binary into .work/parley
	go build -o .work/parley ./cmd/parley

.PHONY: check
check: format-check vet staticcheck ## the everyday suite: format, vet, staticcheck, go test ./...; needs nothing but Go
	go test ./...

.PHONY: test
test: ## everything, installing what it needs: all tests with -race and PostgreSQL, costs, foreign clients, crashes, fuzzing, benchmarks
	scripts/test

.PHONY: setup
setup: ## install what the tests need: PostgreSQL 15, Chromium, npm packages, boto3, the AWS CLI, schemathesis
	scripts/setup

.PHONY: format-check
format-check:
	@unformatted="$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet:
	go vet ./...

.PHONY: staticcheck
staticcheck:
	go tool staticcheck ./...

.PHONY: postgres-test
postgres-test: ## go test ./... with a PostgreSQL 15 of its own
	scripts/postgres run go test ./...

.PHONY: clients
clients: ## the foreign clients: AWS SDK for Go, boto3, AWS CLI, chatjs in Node and in Chromium, schemathesis
	scripts/setup clients
	PARLEY_REQUIRE_CLIENTS="$$(paste -sd, .work/have)" go test -v -count=1 -timeout 15m ./clients/

.PHONY: crash
crash: ## kill parley and PostgreSQL under load, and count what is missing (KILLS=20)
	@targets="$$(git grep -l --untracked '^func TestCrash' -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed 's|^|./|')"; \
	if [ -z "$$targets" ]; then echo "no crash targets in this tree"; exit 0; fi; \
	PARLEY_TEST_CRASH=$(KILLS) scripts/postgres run go test -v -count=1 -timeout 30m -run '^TestCrash' $$targets

.PHONY: soak-pause
soak-pause: ## stop one of two nodes on one PostgreSQL for 20 s, again and again, and look for silence of the other (PAUSES=10)
	PARLEY_TEST_PAUSE=$(PAUSES) scripts/postgres run go test -v -count=1 -timeout 60m -run '^TestSoakPause$$' ./crash

.PHONY: soak-locked
soak-locked: ## lock two chats in PostgreSQL, and compare what the others are given with a baseline (ROUNDS=3)
	PARLEY_TEST_LOCKED=$(ROUNDS) scripts/postgres run go test -v -count=1 -timeout 60m -run '^TestSoakLocked$$' ./crash

.PHONY: soak-contact
soak-contact: ## kill parley at each commit of a contact with an agent, again and again, and look who has it (CONTACTS=20)
	PARLEY_TEST_CRASH_AGENTS=$(CONTACTS) scripts/postgres run go test -v -count=1 -timeout 60m -run '^TestCrashAgents$$' ./crash

.PHONY: soak-routing
soak-routing: ## many random histories of routing, and kill -9 of that one of two nodes that routes (HISTORIES=2000 KILLS=20)
	go test -v -count=1 -timeout 60m -run '^TestMatchEqualsItsTwin$$' ./internal/routing -rapid.checks=$$(( 20 * $(HISTORIES) ))
	go test -v -count=1 -timeout 60m -run '^TestRandomHistories$$' ./internal/router -rapid.checks=$(HISTORIES)
	PARLEY_TEST_CRASH_ROUTER=$(KILLS) scripts/postgres run go test -v -count=1 -timeout 60m -run '^TestCrashRouter$$' ./crash

.PHONY: soak-lives
soak-lives: ## random histories of chats and agents, on each database (LIVES=1000)
	PARLEY_TEST_LIVES=$(LIVES) scripts/postgres run go test -v -count=1 -timeout 120m -run '^TestWorkingLives$$' ./internal/chat

.PHONY: soak-doors
soak-doors: ## unfinished requests of unauthenticated clients at every door, and the memory they cost (CONNECTIONS=1500)
	PARLEY_SOAK_DOORS=$(CONNECTIONS) go test -v -count=1 -timeout 10m -run '^TestSoakDoors' ./crash

.PHONY: soak-streams
soak-streams: ## two nodes change two streams at once, and PostgreSQL counts who waits in a ring (STREAMTIME=60s)
	PARLEY_TEST_STREAMS=$(STREAMTIME) scripts/postgres run go test -v -count=1 -timeout 60m -run '^TestSoakStreams$$' ./internal/engine

.PHONY: soak-agents
soak-agents: ## 500 agents, 2,000 chats, 50 offers and 400 messages a second: how long an offer takes to the agent's socket, and an agent's memory (AGENTSTIME=2m)
	PARLEY_TEST_AGENTS=500 PARLEY_TEST_CHATS=0 go test -v -count=1 -timeout 30m -run '^TestSoakAgentMemory$$' ./internal/desk
	PARLEY_TEST_SOAK_AGENTS=$(AGENTSTIME) go test -v -count=1 -timeout 60m -run '^TestSoakAgents$$' ./bench

.PHONY: soak-frames
soak-frames: ## 200 agents with 1,000 chats, without frames of the Contact Control Panel and with them: memory and processor time (AGENTSTIME=2m)
	PARLEY_TEST_SOAK_FRAMES=$(AGENTSTIME) go test -v -count=1 -timeout 60m -run '^TestSoakFrames$$' ./bench

.PHONY: fuzz
fuzz: ## run every fuzz target for a while (FUZZTIME=20s)
	scripts/fuzz $(FUZZTIME)

.PHONY: cases
cases: ## inputs that have shown faults, which are kept outside the repository (CASES="01 02", all unless told)
	scripts/cases $(CASES)

.PHONY: bench
bench: ## all benchmarks beside their baselines, both engines (BENCHTIME=1s)
	scripts/postgres run go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 60m ./...

.PHONY: rates
rates: ## this tree's speed and memory beside those of a commit, in ten interleaved runs (BEFORE=HEAD~1 RUNS=10)
	scripts/rates $(BEFORE) $(RUNS)

.PHONY: syscalls
syscalls: ## the system calls of ten thousand messages, as strace counts them
	scripts/syscalls

.PHONY: bench-short
bench-short:
	scripts/postgres run go test -short -run '^$$' -bench . -benchmem -benchtime 200ms -timeout 15m ./...

.PHONY: generate
generate: ## write all generated code again
	go generate ./...

.PHONY: web
web: ## build the pages that the binary embeds
	@npm --prefix web --silent run build

.PHONY: verify
verify: ## is everything generated current? (needs Node for the pages)
	scripts/verify go
	scripts/verify web

# Long runs, which continuous integration has no time for.

.PHONY: soak-fuzz
soak-fuzz: ## run every fuzz target for long, some two hours in all (SOAKTIME=5m)
	scripts/fuzz $(SOAKTIME)
