# One release build serves the programs and the plugins; the tests are compiled on top of it and run
# against what ships.
SHELL    := /bin/bash
SWIFT    ?= $(shell command -v swift || echo /opt/swift/usr/bin/swift)
PRODUCTS  = $(shell $(SWIFT) build -c release --show-bin-path)
RUNTIME   = $(shell $(SWIFT) -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/linux
PREFIX   ?= /usr
SOURCES  := Package.swift Sources Plugins Tests

.PHONY: all deps testdeps build testbuild venvs test demo bench install deb lint format clean
all: build

deps: ; @packaging/deps.sh
testdeps: deps ; @packaging/deps.sh tests

build: deps
	@command -v $(SWIFT) >/dev/null || { echo "No Swift toolchain: put swift 6.3 on PATH" >&2; exit 1; }
	$(SWIFT) build -c release
	@packaging/layout.sh "$(PRODUCTS)" "$(RUNTIME)"

# Only test modules: without @testable nothing of the above is compiled or linked again.
testbuild: build ; $(SWIFT) build -c release --build-tests

# Official clients and pytest, at the versions that the requirement files pin.
venvs: .venv/.done .venv2/.done
.venv/.done: Tests/e2e/requirements.txt
.venv2/.done: Tests/e2e/requirements-genai2.txt
.venv/.done .venv2/.done: | testdeps
	rm -rf $(@D) && python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --requirement $<
	touch $@

test: testbuild venvs ; @SWIFT="$(SWIFT)" Tests/run

demo: build ; @packaging/demo.sh

bench: build venvs ; @Tests/bench/run

install: ; @packaging/install.sh "$(DESTDIR)" "$(PREFIX)"

VERSION = $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/KinoraModel/Version.swift)
deb: build ; @packaging/deb.sh "$(VERSION)"

lint: ; $(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format: ; $(SWIFT) format --in-place --parallel --recursive $(SOURCES)

clean: ; rm -rf .build build .venv .venv2
