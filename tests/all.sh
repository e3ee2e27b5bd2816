#!/bin/sh
# All checks, by the virtual environment that `./run test` made: formats and lints, types, layers, tests, the built wheel;
# with --all coverage, too.
# With `quick` first, the tests that need no server, browser or R. What follows is pytest's.
set -eu
bin=$1/bin
shift
# what the tests start by the hundred is compiled once; nothing of it stays in the tree
unset PYTHONDONTWRITEBYTECODE
logs=$(mktemp -d)
trap 'rm -rf "$logs"; find . -path ./.venv -prune -o -name __pycache__ -prune -exec rm -rf {} +' EXIT

step() { printf '\n== %s\n' "$*"; }
# three at a time, each file whole: most of them wait for servers and browsers; in the order of tests/conftest.py, not by how many they hold
tests() { "$bin/python" -m pytest -n 3 --dist loadfile --no-loadscope-reorder "$@"; }

# beside mypy: each of the two keeps one core busy
"$bin/pyright" --pythonpath "$bin/python" >"$logs/pyright" 2>&1 &
pyright=$!
step "ruff"
"$bin/ruff" check .
"$bin/ruff" format --check .
step "mypy"
"$bin/mypy"
step "pyright"
wait "$pyright" || failed=1
cat "$logs/pyright"
[ -z "${failed:-}" ] || exit 1
step "import-linter"
"$bin/lint-imports" --no-logo
step "tests"
if [ "${1:-}" = quick ]; then
    shift
    tests --quick "$@"
    exit
fi
case " $* " in
*" --all "*) ;;
*)
    tests "$@"
    exit
    ;;
esac
rm -f .coverage .coverage.*
tests --cov --cov-report=term "$@"
# nothing is said after pytest's own last line, unless this fails
"$bin/coverage" report --include='graph/*,schema/*' --fail-under=95 >/dev/null || {
    echo "coverage of graph/ and schema/ is below 95%"
    exit 1
}
