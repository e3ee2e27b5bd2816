#!/bin/sh
# All checks, by the virtual environment that `./run test` made: formats and lints, types, layers, tests with coverage, the built wheel.
set -eu
bin=$1/bin
shift
export PYTHONDONTWRITEBYTECODE=1

step() { printf '\n== %s\n' "$*"; }

step "ruff"
"$bin/ruff" check .
"$bin/ruff" format --check .
step "mypy"
"$bin/mypy"
step "pyright"
"$bin/pyright" --pythonpath "$bin/python"
step "import-linter"
"$bin/lint-imports" --no-logo
step "tests"
rm -f .coverage .coverage.*
# two at a time, each file whole: most of them wait for servers and browsers
"$bin/python" -m pytest -n 2 --dist loadfile --cov --cov-report= "$@"
step "coverage"
"$bin/coverage" report
"$bin/coverage" report --include='graph/*,schema/*' --fail-under=95 >/dev/null || {
    echo "coverage of graph/ and schema/ is below 95%"
    exit 1
}
step "all checks passed"
