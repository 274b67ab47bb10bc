# `make lab` opens the lessons, `make test` runs everything; `make help` tells the rest.

.DEFAULT_GOAL := help
.PHONY: help lab test test-full test-kernels test-grading nbgrader fuzz soak browser lint format tidy pictures pins peers bench doctor demo demo-check handout clean environment setup-tests leftovers

SHELL := /bin/sh
VENV := .venv/bin
RUN := $(VENV)/python -m

# A copy for learners (python -m reactorkit release) has no tests: what needs them is left out there.
WHOLE := $(wildcard tests)

# The first Python that is new enough; without one, any, which says what it would need to be.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
FIND_PYTHON = for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	    $$name -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && { command -v $$name; exit; }; \
	done; command -v python3 || command -v python
ifeq ($(origin PYTHON),undefined)
FOUND = $(shell $(FIND_PYTHON))
else
# Named by the reader: an environment made with another version is made anew.
FOUND = $(PYTHON)
export REACTORKIT_PYTHON_CHOSEN := 1
endif
BOOTSTRAP = python=$$(command -v '$(FOUND)') || { \
	    echo "No Python was found$(if $(PYTHON), under the name $(PYTHON)). Install Python 3.11 or newer"; \
	    echo "(Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python),"; \
	    echo "or name one: make lab PYTHON=/path/to/python3.12"; exit 1; }; \
	exec "$$python" bootstrap.py

# Test runs use small sizes and answer the predictions by themselves. `make test-full` uses the
# sizes that a reader gets.
QUICK := REACTORKIT_QUICK=1
AUTO := REACTORKIT_AUTOPREDICT=1
# A worker more than there are cores: many tests wait for what others do. A file's tests stay
# together, and so do a lesson's cells.
WORKERS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
SHARED = -n $(WORKERS) --maxprocesses=4 --dist loadfile
SUBMISSIONS := tests/grading/test_submissions.py
TESTS = $(SHARED) --no-loadscope-reorder --ignore=$(SUBMISSIONS)
# A judge mostly waits for what does not come: many of them share a core.
JUDGES := -n 8 --dist worksteal
NBVAL = $(SHARED) --nbval --nbval-cell-timeout=120 --nbval-kernel-startup-timeout=120 --timeout=180

help:  ## Show this list
	@echo "make lab                  set up what is missing and open the lessons in JupyterLab"
	@echo "make lab ARGS=\"...\"       the same, with arguments for JupyterLab (--no-browser --port 0)"
	@echo "make lab PYTHON=...       the same, with that Python"
ifdef WHOLE
	@echo "make test                 set up and run everything: lint, types, tests, every lesson"
	@echo "make test-full            the same, with the lessons at the size a reader gets"
	@echo "make test-kernels         the board in a browser, with an older and with the newest ipykernel"
	@echo "make test-grading         every kept answer judged 20 times on busy cores (ARGS=\"--times 3 --only x06\")"
	@echo "make demo                 the instructor's stage, in the browser (ARGS=SCENE, ARGS=\"--no-browser\")"
	@echo "make demo-check           rehearse every scene of the stage: READY, or why not"
	@echo "make handout              the scenes as HTML files for offline use, in handout/ (ARGS=DIR)"
endif
	@echo "make peers                set up uvloop, Twisted and Node.js, to run beside our servers"
	@echo "make bench                our servers and theirs, measured side by side (ARGS=\"echo --quick\")"
	@echo "make fuzz                 200,000 lines, right and wrong, for the chat (ARGS=\"--seed 7\")"
	@echo "make soak                 a thousand guests come and go at the chat for two minutes"
	@echo "make doctor               what this machine allows, and whether something was left running"
ifdef WHOLE
	@echo "make lint, make format    check the style, put it right"
	@echo "make tidy                 put the stored notebooks in order"
	@echo "make pictures             draw the README's pictures of the board anew (ARGS=--record)"
	@echo "make pins                 make the requirement files anew (ARGS=--upgrade: newest versions)"
endif
	@echo "make clean                remove the environment and everything else that was made here"

lab:
	@$(BOOTSTRAP) lab $(ARGS)

environment:
	@$(BOOTSTRAP) environment

peers:
	@$(BOOTSTRAP) peers

ifdef WHOLE
setup-tests:
	@$(BOOTSTRAP) tests

# Chromium for the tests in browsers; says what it found, or that they cannot run.
browser: setup-tests
	@$(VENV)/python tools/browsers.py

# nbgrader for the tests of its notebooks; says so if it cannot be had.
nbgrader: setup-tests
	@$(VENV)/python tools/nbgrader_beside.py

test: setup-tests browser nbgrader
	@$(MAKE) --no-print-directory lint
	$(QUICK) $(AUTO) $(RUN) pytest $(TESTS) $(ARGS)
	$(QUICK) $(AUTO) $(RUN) pytest $(JUDGES) $(SUBMISSIONS) $(ARGS)
	$(QUICK) $(AUTO) $(RUN) pytest $(NBVAL) notebooks exercises $(ARGS)
	@$(MAKE) --no-print-directory leftovers

test-full: setup-tests browser nbgrader
	@$(MAKE) --no-print-directory lint
	$(QUICK) $(AUTO) $(RUN) pytest $(TESTS) $(ARGS)
	$(QUICK) $(AUTO) $(RUN) pytest $(JUDGES) $(SUBMISSIONS) $(ARGS)
	REACTORKIT_SCALE=normal $(AUTO) $(RUN) pytest $(NBVAL) notebooks exercises $(ARGS)
	@$(MAKE) --no-print-directory leftovers

# The board in a browser once more, with an older and with the newest ipykernel.
test-kernels: setup-tests browser
	$(QUICK) $(VENV)/python tools/kernels.py $(ARGS)

# Every kept answer, right and wrong, judged twenty times while all cores are busy: hours.
test-grading: setup-tests
	@$(VENV)/python tools/repeat_grading.py $(ARGS)
endif

fuzz: environment
	@$(RUN) reactorkit fuzz chat_reactor $(ARGS)

soak: environment
	@$(RUN) reactorkit soak chat_reactor $(ARGS)

ifdef WHOLE
lint: setup-tests
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(RUN) mypy
	$(VENV)/python tools/javascript.py check

format: setup-tests
	$(VENV)/ruff check --fix-only --exit-zero
	$(VENV)/ruff format
	$(VENV)/python tools/javascript.py format

tidy: setup-tests
	$(VENV)/python tools/tidy_notebooks.py $(ARGS)
	$(VENV)/python tools/readme_tables.py

pictures: setup-tests browser
	$(VENV)/python tools/readme_pictures.py $(ARGS)

pins: setup-tests
	$(VENV)/python tools/make_pins.py $(ARGS)
else
test test-full test-kernels test-grading nbgrader setup-tests browser lint format tidy pictures pins:
	@echo "This is a learner's copy: what make $@ needs is in the whole kit."; exit 2
endif

bench: peers
	$(RUN) reactorkit bench $(ARGS)

leftovers:
	$(RUN) reactorkit doctor --leftovers

doctor: environment
	@$(RUN) reactorkit doctor $(ARGS)

demo: environment
	@exec $(VENV)/python -m reactorkit demo $(ARGS)

demo-check: environment
	@$(RUN) reactorkit demo --check $(ARGS)

handout: environment
	@$(RUN) reactorkit demo --handout $(or $(ARGS),handout)

clean:
	rm -rf .venv .venv-kernels .test-grading .nbgrader node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Your own files in work/ are still there."
