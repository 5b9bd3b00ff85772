# The two commands of the README, and the slower ones that a developer runs by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: demo test viewer proofs visualize half rise lrp trees wordnet keras compiling sweep shapes textures tree-digits evidence load page-times bench bench-quick lint types check clean
.DEFAULT_GOAL := demo

demo: $(VENV)/installed  ## install seewhy and explain a real photo with a real network
	$(BIN)/python examples/photo.py demo/chelsea.png
	$(BIN)/seewhy explain demo/chelsea.png --out demo/chelsea \
		--method gradcam --method finercam --method smoothgrad --method integrated_gradients

test: $(VENV)/tested  ## install what the tests need and run them all; those of exactness without the engine, too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --plain tests/methods tests/test_cams.py tests/test_contract.py

viewer: viewer/node_modules  ## build viewer/ into src/seewhy/render/{viewer,app,maps}.js: needs Node 20.19 or newer
	cd viewer && npm run build

viewer/node_modules: viewer/package-lock.json
	cd viewer && npm ci --no-audit --no-fund
	@touch $@

proofs: $(VENV)/tested  ## every method on the default model beside its peer, into docs/proofs.md: takes minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow tests/test_proofs.py

visualize: $(VENV)/tested  ## pictures of 12 classes and 24 channels of the default model, into docs/visualizations.md: ten minutes
	OMP_NUM_THREADS=1 $(BIN)/python tools/visualizations.py

half: $(VENV)/tested  ## maps from scores in bfloat16 beside float32's, into docs/precision.md: ten minutes
	OMP_NUM_THREADS=1 $(BIN)/python tools/half.py $(METHOD)

rise: $(VENV)/tested  ## masks that RISE needs beside its authors' estimator, into docs/rise.md: ten minutes
	OMP_NUM_THREADS=1 $(BIN)/python tools/rise_error.py

lrp: $(VENV)/tested  ## whether relevance adds up on networks of all kinds, into docs/lrp.md: minutes
	OMP_NUM_THREADS=1 $(BIN)/python tools/lrp_table.py

trees: $(VENV)/tested  ## how well trees of the default model keep dogs, birds, vehicles together, into docs/tree_purity.md: a minute
	OMP_NUM_THREADS=1 $(BIN)/python tools/tree_purity.py

wordnet: $(VENV)/tested  ## WordNet's nouns, of which names of classes are made, anew from Debian's wordnet-base
	$(BIN)/python tools/wordnet.py

keras: $(VENV)/tested  ## three large networks of Keras, read and explained as they come: minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow tests/sources/test_keras.py

compiling: $(VENV)/tested  ## scores by the program as it is and compiled by inductor, as a table: minutes, and a C++ compiler
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python tools/compiling.py

sweep: $(VENV)/tested  ## a small network of every family of timm, into docs/sweep.md: an hour. FAMILY="vgg xcit": those; FRESH=1: all anew
	$(if $(FRESH),rm -f tools/sweep.json)
	OMP_NUM_THREADS=1 $(BIN)/python tools/sweep.py $(FAMILY)

shapes: $(VENV)/tested  ## train the ViT and the CLIP of coloured shapes anew, into benchmarks/shapes/weights: half an hour
	$(BIN)/python -m benchmarks.shapes.train_vit
	$(BIN)/python -m benchmarks.shapes.train_clip

textures: $(VENV)/tested  ## train the CNN of textures anew, into benchmarks/textures/weights: three minutes
	$(BIN)/python -m benchmarks.textures.train

tree-digits: $(VENV)/tested  ## a small CNN of digits with and without the loss of its tree, into docs/tree_digits.md: minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.tree_digits

evidence: $(VENV)/tested  ## how much of each map lies on the object asked for, into docs/evidence.md. METHOD=id: one method
	$(BIN)/python -m benchmarks.shapes $(if $(METHOD),--method $(METHOD))

load: $(VENV)/tested  ## fifty clients at once, some of which stall, leave or flood, into docs/server.md: a minute
	OMP_NUM_THREADS=1 $(BIN)/python tools/load.py

page-times: $(VENV)/tested  ## how soon the page shows a link, and what a step of a slider takes, into docs/page.md: two minutes
	OMP_NUM_THREADS=1 $(BIN)/python tools/page_times.py

bench: $(VENV)/tested  ## every row against every peer, into docs/performance.md: hours. ROW=id: one row; FRESH=1: all anew
	$(BIN)/python -m benchmarks $(if $(ROW),--row $(ROW)) $(if $(FRESH),--fresh) $(if $(DEVICE),--device $(DEVICE))
	$(if $(ROW)$(DEVICE),,$(if $(wildcard benchmarks/shapes/weights/clip.json),$(BIN)/python -m benchmarks.shapes,@echo 'no evidence: make shapes has trained no networks yet'))

bench-quick: $(VENV)/tested  ## the same answers as every peer on small networks, in a minute; times decide nothing
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.quick

lint: $(VENV)/linted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/linted
	$(BIN)/mypy

check: lint types test  ## what must be green before a commit

# Debian's python3 comes without venv's half; where apt can bring it, it does, and says so.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "seewhy needs Python 3.11 or newer: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "installing Debian's python3-venv, without which Python makes no .venv"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv; } || { echo "No virtual environment can be made: install Python's venv (Debian: apt-get install python3-venv)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --progress-bar on --editable .
	@touch $@

# grad-cam asks for the OpenCV build that needs libGL; the headless one of the group serves it as well.
$(VENV)/tested: pyproject.toml $(VENV)/installed $(VENV)/browsed
	$(BIN)/python -m pip install --quiet --group test --group oracles
	$(BIN)/python -m pip install --quiet --no-deps grad-cam==1.5.7 torch-lucent==0.1.8 kornia==0.4.1 flashtorch==0.1.3 nbdt==0.0.4
	@touch $@

# What tests in a browser need beside: where it can't be brought, they are skipped, and it is said.
$(VENV)/browsed: viewer/package-lock.json | $(VENV)/bin/python
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q . \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium fonts-wqy-microhei fontconfig; } \
		|| echo 'skipped: tests in a browser, or those in Chinese. Install Debian'"'"'s chromium, fonts-wqy-microhei and fontconfig'
	@command -v npm >/dev/null && $(MAKE) --no-print-directory viewer/node_modules \
		|| echo 'skipped: the audit by axe, and whether the scripts are what viewer/ builds. Install Node and npm'
	@touch $@

$(VENV)/linted: pyproject.toml $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

clean:
	rm -rf $(VENV) demo seewhy-out .pytest_cache .mypy_cache .ruff_cache
