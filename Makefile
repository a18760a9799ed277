# Two commands are all a newcomer needs: `make demo` and `make test`. Each sets up what it needs.
SHELL := /bin/bash
JOBS  ?= $(shell nproc)

.PHONY: help setup build test unit sanitize integration page bench demo demo-cluster format lint tidy clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup:           ## install every Debian package and build the control plane of testbed/
	tools/setup packages
	tools/setup testbed
	tools/setup kueue
	tools/setup karpenter

build: packages  ## build/tangram
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

.PHONY: packages testbed kueue karpenter
packages:
	@tools/setup packages
testbed:
	@tools/setup testbed
kueue:
	@tools/setup kueue
karpenter:
	@tools/setup karpenter

test: build testbed kueue  ## everything: unit, real API server and Prometheus, Chromium, sanitizers, clang-tidy
	tools/run_tests

unit: build      ## the unit tests alone
	ctest --preset release -L unit -j $(JOBS)

sanitize: packages   ## unit tests under ASan+UBSan and TSan, and a short run of every fuzzer
	tools/run_tests asan tsan

integration: build testbed kueue karpenter  ## against a real API server and a real Prometheus
	tools/run_tests integration

page: build      ## the HTML report in a real Chromium
	tools/run_tests page

bench: build testbed  ## speed and memory; docs/benchmarks.md records the figures
	tools/run_bench
	tools/bench_live

demo: packages   ## the report of a bundled cluster, and its HTML page
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target tangram
	tools/demo

demo-cluster: packages testbed  ## Tangram on a real control plane with fake GPUs
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target tangram
	tools/demo_cluster

format:          ## clang-format over all C++
	git ls-files -co --exclude-standard '*.cc' '*.h' | xargs clang-format-19 -i

lint: packages   ## format and layers
	tools/run_tests lint

tidy: packages   ## clang-tidy
	tools/run_tests tidy

clean:           ## remove every build folder
	rm -rf build build-asan build-tsan
