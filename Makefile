# Timbre Studio (音色工坊). `make` alone lists the commands.
# Everything lives in .venv; the system is only touched by `make test`, which installs Chromium, a CJK font and PostgreSQL
# from Debian where they are missing.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
RUN := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test bench lint python ready ready-test

help: ## list the commands  列出命令
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/'
	@echo '  Options go into ARGS  选项写在 ARGS 里:  make run ARGS="--port 7861"'

run: ready ## open the studio on http://127.0.0.1:7860  启动音色工坊
	@exec $(RUN) app.py $(ARGS)

test: ready-test ## run every test  运行全部测试
	@exec $(RUN) tools/testing.py $(ARGS)

bench: ready-test ## measure speed and memory  测量速度与内存
	@for each in speak ui espeak draw convert library audio chattts sensevoice readback gates scripts dubbing cluster api; do \
	echo "== benchmarks/$$each.py"; $(RUN) benchmarks/$$each.py $(ARGS) || exit 1; done
	@exec $(RUN) benchmarks/report.py

lint: ready-test ## check style and types  检查代码风格与类型
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo 'The studio needs Python 3.11 or newer, and none was found. Install it, or name it: make run PYTHON=/path/to/python3.11' >&2; \
	echo '音色工坊需要 Python 3.11 或更新的版本，但没有找到。请先安装，或指明位置：make run PYTHON=/path/to/python3.11' >&2; exit 1; }

ready: python
	@"$(PYTHON)" tools/prepare.py run

ready-test: python
	@"$(PYTHON)" tools/prepare.py test
