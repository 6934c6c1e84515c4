# Two words: `make demo` shows it, `make test` proves it. Both install what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
CARGO := scripts/cargo

help:
	@echo 'make demo   install what is missing, build, start a region, run the first lab on real packets'
	@echo 'make test   install what is missing, run every test: pure, kernel, real clients, root and rootless'
	@echo 'make lab    the same demo for the other labs: make lab NAME=role-instead-of-keys'
	@echo 'make bench  the benchmarks, as ratios'
	@echo 'make setup  only install what is missing'

setup:
	@scripts/setup

build: setup
	@scripts/phase build $(CARGO) build --release -q -p postern

demo: build
	@scripts/demo gateway-endpoint

NAME ?= gateway-endpoint
lab: build
	@scripts/demo $(NAME)

test: setup
	@scripts/test

bench: build
	@scripts/bench

.PHONY: help setup build demo lab test bench
