#!/bin/sh
# All checks, by the virtual environment that `./run test` made: formats and lints, types, layers, tests with coverage, the built wheel.
# With `quick` first, the tests that need no server, browser or R, without coverage. What follows is pytest's.
set -eu
bin=$1/bin
shift
export PYTHONDONTWRITEBYTECODE=1

step() { printf '\n== %s\n' "$*"; }
# each file whole, so many at a time: on two cores a third has its turn while others wait for servers and browsers
tests() { "$bin/python" -m pytest --dist loadfile "$@"; }

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
if [ "${1:-}" = quick ]; then
    shift
    tests -n 2 --quick "$@"
    exit
fi
rm -f .coverage .coverage.*
tests -n 3 --cov --cov-report=term "$@"
# nothing is said after pytest's own last line, unless this fails
"$bin/coverage" report --include='graph/*,schema/*' --fail-under=95 >/dev/null || {
    echo "coverage of graph/ and schema/ is below 95%"
    exit 1
}
