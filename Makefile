# ragline. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GO ?= go
BIN := bin
# Tools are built once and kept outside the checkout, so that a fresh clone finds them.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ragline/tools
GOLANGCI_LINT_VERSION := v2.15.0
BUF_VERSION := v1.75.0
PROTOC_GEN_GO_VERSION := v1.36.12
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)
BUF := $(TOOLS)/buf-$(BUF_VERSION)
PROTOC_GEN_GO := $(TOOLS)/protoc-gen-go-$(PROTOC_GEN_GO_VERSION)/protoc-gen-go
OTELCOL_VERSION := 0.155.0
OTELCOL := $(TOOLS)/otelcol-$(OTELCOL_VERSION)
KAFKA_VERSION := 4.4.0
KAFKA_JARS := $(TOOLS)/kafka-$(KAFKA_VERSION)
OLLAMA_VERSION := 0.17.4
OLLAMA := $(TOOLS)/ollama-$(OLLAMA_VERSION)/ollama
# The Python binding's source package carries all of llama.cpp.
LLAMA_CPP_VERSION := 0.3.35
LLAMA_CPP_SHA256 := 1139dbb54509074b70893fab8554e3b079aa9f4d312058ce4018ef0019e3de12
LLAMA_CPP := $(TOOLS)/llama.cpp-$(LLAMA_CPP_VERSION)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X github.com/ragline/ragline/cmd/internal/app.Version=$(VERSION)

##@ Use

.PHONY: run
run: build ## Start everything, ingest the demo's documents, ask its questions, stay up until Ctrl-C
	@$(BIN)/ragline up --demo

.PHONY: up
up: build ## Start everything and stay up until Ctrl-C
	@$(BIN)/ragline up

.PHONY: factory
factory: engine trainer-env $(OLLAMA) ## Go once around the whole loop on a CPU: answers, dataset, tiny adapter, model in Ollama, an answer of that model
	@OLLAMA=$(OLLAMA) deploy/factory/demo.sh

.PHONY: build
build: ## Build bin/ragline and bin/ragline-clickhouse
	@CGO_ENABLED=0 $(GO) build -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/ragline ./cmd/ragline-clickhouse

.PHONY: engine
engine: build ## Fetch the embedded ClickHouse engine (178 MB download, 566 MB on disk, once)
	@$(BIN)/ragline engine fetch

##@ Check

.PHONY: ollama
ollama: $(OLLAMA) ## Build Ollama, without GPU, for the tests of the packager (once, about 6 minutes on 2 cores)

.PHONY: ollama-path
ollama-path:
	@echo $(OLLAMA)

.PHONY: llama-cpp
llama-cpp: $(LLAMA_CPP) ## Build llama-quantize beside llama.cpp's converter, without GPU (once, about 12 minutes on 2 cores); use it by LLAMA_CPP_PATH

.PHONY: trainer-env
trainer-env: ## Install what the training job needs, outside the checkout (once; the CUDA wheels only where there is a GPU)
	@consumers/trainer/python/env.sh

.PHONY: test-trainer
test-trainer: trainer-env ## Train a tiny model by all four methods, kill the job, resume it (minutes)
	$(GO) test -count=1 -timeout 30m -run TestPythonTrainingJob -v ./consumers/trainer

.PHONY: test
test: engine ## Run every test, the runtime with the race detector, the system test on the embedded stack
	$(GO) test -race ./consumers/stream/... ./consumers/agent/checkpoint/... ./producers/broker/...
	$(GO) test -timeout 20m $$($(GO) list ./... | grep -v -e /consumers/stream$$ -e /consumers/agent/checkpoint$$ -e /producers/broker$$ -e /cmd/e2e$$)
	$(GO) test -timeout 25m ./cmd/e2e

.PHONY: test-kills
test-kills: ## Kill the agent 1,000 times at random moments (KILLS=n for another number): no run lost, no effect twice
	RAGLINE_TEST_KILLS=$(or $(KILLS),1000) $(GO) test -count=1 -timeout 60m -run KilledAtRandom -v ./consumers/agent

.PHONY: test-short
test-short: ## Run the tests that need no engine and no system start
	$(GO) test -short ./...

.PHONY: test-faults
test-faults: engine ## Kill the sink 200 times at every point of a batch, freeze it, rewind it, fill ClickHouse's disk: nothing lost, nothing doubled
	$(GO) test -timeout 60m -v ./consumers/sink -run 'Killed|Frozen|Rewound|Refused' -fault-rounds 200

.PHONY: test-otelcol
test-otelcol: ## Send spans through a real OpenTelemetry Collector, in and out, over HTTP and gRPC
	@$(MAKE) -s $(OTELCOL) || echo 'no OpenTelemetry Collector could be built: is the Go proxy reachable? its tests are skipped'
	RAGLINE_TEST_OTELCOL=$(OTELCOL) $(GO) test -count=1 -run Collector -v ./producers/gateway ./consumers/exporter/otlp

.PHONY: test-kafka
test-kafka: engine $(KAFKA_JARS) ## Run the sink's fault tests on Apache Kafka (needs Java 17 and Maven; 20 kills)
	RAGLINE_TEST_KAFKA_JARS=$(KAFKA_JARS) $(GO) test -timeout 30m -v -parallel 1 ./consumers/sink -run 'KilledSink|Frozen|RewoundOffsets|Refused' -fault-rounds 20

.PHONY: lint
lint: $(GOLANGCI_LINT) $(BUF) proto-check ## Check style, protobuf rules and generated files
	$(GOLANGCI_LINT) run ./...
	cd schemas/proto && $(BUF) lint
	cd schemas/proto && $(BUF) breaking --against v1.binpb

.PHONY: bench
bench: ## Run every benchmark once, so that none rots (ITERATIONS=1x)
	$(GO) test -run '^$$' -bench . -benchtime $(or $(ITERATIONS),1x) ./...

.PHONY: bench-sink
bench-sink: engine ## Compare the sink with an OpenTelemetry Collector in one run, then ask the cookbook over 10 million spans (takes minutes)
	cd consumers/sink/bench/otelcol && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(CURDIR)/$(BIN)/bench/otelcol .
	RAGLINE_BENCH_OTELCOL=$(CURDIR)/$(BIN)/bench/otelcol $(GO) test -count=1 -timeout 60m -run 'TestSinkBesideTheCollector|TestSinkUnderLoad' -v ./consumers/sink -bench-spans 1000000
	$(GO) test -count=1 -timeout 60m -run TestCookbookOverManySpans -v ./consumers/sink -query-spans 10000000

.PHONY: bench-export
bench-export: ## Compare the exporters with the official Python SDKs of LangFuse and LangSmith, then one with and without a neighbour that hangs (HANG=10m,4; takes minutes)
	RAGLINE_BENCH_EXPORT=2500 RAGLINE_BENCH_EXPORT_HANG=$(or $(HANG),1m,4) $(GO) test -count=1 -timeout 90m -run 'TestCompareWithTheOfficialSDKs|TestBackendThatHangs' -v ./consumers/exporter/bench

.PHONY: bench-agent
bench-agent: ## Compare the graph engine with LangGraph in Python and JavaScript, in one run (takes minutes)
	RAGLINE_BENCH_AGENT=1 $(GO) test -count=1 -timeout 60m -run TestCompare -v ./consumers/agent/bench

.PHONY: bench-train
bench-train: trainer-env ## Compare the training job with the plain TRL script; on a GPU also memory and speed of the methods
	@consumers/trainer/python/run.sh ragline_trainer.bench

##@ Generate

.PHONY: generate
generate: proto ## Regenerate everything that is generated
	$(GO) test ./schemas/jsonschema -update
	$(GO) test ./cmd/internal/app -run TestExampleFile -update

.PHONY: proto
proto: $(BUF) $(PROTOC_GEN_GO) ## Regenerate schemas/event from the .proto files
	cd schemas/proto && PATH=$(dir $(PROTOC_GEN_GO)):$$PATH $(BUF) generate

.PHONY: proto-check
proto-check: $(BUF) $(PROTOC_GEN_GO) ## Fail when schemas/event is not what the .proto files say
	@tmp=$$(mktemp -d) && trap 'rm -rf '$$tmp EXIT && cp -r schemas/proto $$tmp/proto && mkdir $$tmp/event && \
	cd $$tmp/proto && PATH=$(dir $(PROTOC_GEN_GO)):$$PATH $(BUF) generate && \
	for f in $$tmp/event/*.pb.go; do cmp $$f $(CURDIR)/schemas/event/$$(basename $$f) || { echo 'schemas/event is stale: run make proto'; exit 1; }; done

.PHONY: proto-release
proto-release: $(BUF) ## Make today's .proto files the release that `buf breaking` compares with
	cd schemas/proto && $(BUF) build -o v1.binpb

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the code
	$(GOLANGCI_LINT) fmt ./...

##@ Other

.PHONY: clean
clean: ## Remove what was built here (data and caches stay)
	rm -rf $(BIN)

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-zA-Z_-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION), once (about 3 minutes on 2 cores)"
	@tmp=$$(mktemp -d) && GOBIN=$$tmp $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION) && mkdir -p $(TOOLS) && mv $$tmp/golangci-lint $@

$(OTELCOL):
	@echo "building an OpenTelemetry Collector $(OTELCOL_VERSION), once (about a minute on 2 cores)"
	@mkdir -p $(TOOLS) && cd producers/otlp/otelcol && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $@.part . && mv $@.part $@

$(KAFKA_JARS):
	@command -v mvn >/dev/null && command -v java >/dev/null || { echo 'this needs Java 17 and Maven: install them (Debian: openjdk-17-jre-headless, maven)'; exit 1; }
	@echo "fetching Apache Kafka $(KAFKA_VERSION), once (43 MB)"
	@tmp=$@.part && rm -rf $$tmp && mvn -q -B -f consumers/sink/apache/pom.xml dependency:copy-dependencies -DoutputDirectory=$$tmp && mv $$tmp $@

# Only what packaging needs is kept: llama-quantize, the converter, and the Python package that it writes with.
$(LLAMA_CPP):
	@command -v cmake >/dev/null && command -v g++ >/dev/null && command -v pip3 >/dev/null || { echo 'this needs cmake, g++ and pip3'; exit 1; }
	@echo "building llama-quantize of llama-cpp-python $(LLAMA_CPP_VERSION), once (75 MB download, about 12 minutes on 2 cores)"
	@tmp=$@.part && rm -rf $$tmp && mkdir -p $$tmp/out && cd $$tmp && \
	pip3 download -q --no-deps --no-binary :all: llama-cpp-python==$(LLAMA_CPP_VERSION) && \
	echo "$(LLAMA_CPP_SHA256)  llama_cpp_python-$(LLAMA_CPP_VERSION).tar.gz" | sha256sum -c --quiet && \
	tar xzf llama_cpp_python-$(LLAMA_CPP_VERSION).tar.gz && mv llama_cpp_python-$(LLAMA_CPP_VERSION)/vendor/llama.cpp src && \
	cmake -S src -B build -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF \
	-DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF >/dev/null && \
	cmake --build build -j $$(nproc) --target llama-quantize >/dev/null && \
	mv build/bin/llama-quantize src/convert_hf_to_gguf.py src/conversion src/gguf-py src/LICENSE out/ && \
	cd / && mv $$tmp/out $@ && rm -rf $$tmp

# The module zips of Ollama and its audio library leave out three single-header C libraries: two are Debian packages,
# the third is in another module.
$(OLLAMA):
	@command -v g++ >/dev/null || { echo 'this needs a C++ compiler: install it (Debian: g++)'; exit 1; }
	@printf '#include <nlohmann/json.hpp>\n#include <stb/stb_image.h>\n' | g++ -x c++ -E - >/dev/null 2>&1 || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nlohmann-json3-dev libstb-dev; } >/dev/null 2>&1; } || \
	{ echo 'this needs the headers nlohmann/json.hpp and stb/stb_image.h: install them (Debian: nlohmann-json3-dev libstb-dev)'; exit 1; }
	@echo "building Ollama $(OLLAMA_VERSION), once (about 6 minutes on 2 cores)"
	@tmp=$$(mktemp -d) && trap 'rm -rf '$$tmp EXIT && mkdir -p $$tmp/include/miniaudio $(dir $(OLLAMA)) && \
	audio=$$(cd $$tmp && $(GO) mod download -json github.com/gen2brain/malgo@v0.11.24 | sed -n 's/.*"Dir": "\(.*\)".*/\1/p') && \
	cp $$audio/miniaudio.h $$tmp/include/miniaudio/ && \
	cd $$tmp && CGO_ENABLED=1 CGO_CPPFLAGS="-I$$tmp/include" GOBIN=$$tmp $(GO) install \
	-ldflags '-s -w -X github.com/ollama/ollama/version.Version=$(OLLAMA_VERSION)' github.com/ollama/ollama@v$(OLLAMA_VERSION) && mv $$tmp/ollama $@

$(BUF):
	@echo "building buf $(BUF_VERSION), once (about 3 minutes on 2 cores)"
	@tmp=$$(mktemp -d) && GOBIN=$$tmp $(GO) install github.com/bufbuild/buf/cmd/buf@$(BUF_VERSION) && mkdir -p $(TOOLS) && mv $$tmp/buf $@

$(PROTOC_GEN_GO):
	@mkdir -p $(dir $@) && GOBIN=$(dir $@) $(GO) install google.golang.org/protobuf/cmd/protoc-gen-go@$(PROTOC_GEN_GO_VERSION)
