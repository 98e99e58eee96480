# One release build serves the programs, the plugins and the tests.
SHELL    := /bin/bash
SWIFT    ?= $(shell command -v swift || echo /opt/swift/usr/bin/swift)
PRODUCTS  = $(shell $(SWIFT) build -c release --show-bin-path)
RUNTIME   = $(shell $(SWIFT) -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/linux
PREFIX   ?= /usr
SOURCES  := Package.swift Sources Plugins Tests

.PHONY: all deps testdeps build venvs test demo bench install deb lint format clean
all: build

deps: ; @packaging/deps.sh
testdeps: deps ; @packaging/deps.sh tests

build: deps
	@command -v $(SWIFT) >/dev/null || { echo "No Swift toolchain: put swift 6.3 on PATH" >&2; exit 1; }
	$(SWIFT) build -c release --build-tests
	@packaging/layout.sh "$(PRODUCTS)" "$(RUNTIME)"

# Official clients and pytest, at the versions that the requirement files pin.
venvs: .venv/.done .venv2/.done
.venv/.done: Tests/e2e/requirements.txt
.venv2/.done: Tests/e2e/requirements-genai2.txt
.venv/.done .venv2/.done: | testdeps
	rm -rf $(@D) && python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --requirement $<
	touch $@

test: build venvs ; @SWIFT="$(SWIFT)" Tests/run

demo: build ; @packaging/demo.sh

bench: build venvs ; @Tests/bench/run

install: ; @packaging/install.sh "$(DESTDIR)" "$(PREFIX)"

VERSION = $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/KinoraModel/Version.swift)
deb: build ; @packaging/deb.sh "$(VERSION)"

lint: ; $(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format: ; $(SWIFT) format --in-place --parallel --recursive $(SOURCES)

clean: ; rm -rf .build build .venv .venv2
