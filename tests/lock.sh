#!/bin/sh
# Makes requirements.lock and requirements-dev.lock anew from pyproject.toml, for all platforms and Python 3.11 and newer. Needs uv.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade "$@" pyproject.toml
}
compile --group build -o requirements.lock
compile --group build --group dev -o requirements-dev.lock
