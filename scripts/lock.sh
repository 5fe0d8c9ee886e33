#!/usr/bin/env bash
# Compile requirements/*.in into lock files with hashes, one set of versions for Python 3.11 to 3.13.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/system.sh"

UV_VERSION=0.13.9

mkdir -p "$VAR/log" "$STAMPS"
: >"$LOG"
if ! [ "$("$VAR/uv/bin/uv" --version 2>/dev/null | cut -d ' ' -f 2)" = "$UV_VERSION" ]; then
    rm -rf "$VAR/uv"
    undo="rm -rf $(printf '%q' "$VAR/uv")"
    make_uv() { "$1" -m venv "$VAR/uv" && "$VAR/uv/bin/python" -m pip install --only-binary :all: "uv==$UV_VERSION"; }
    python=$(find_python) || die_without_python
    step "uv $UV_VERSION" no_percent make_uv "$python" ||
        die_of "uv" 1 "the Python package index cannot be reached: check the network, or set PIP_INDEX_URL to a mirror"
    undo=:
fi

# The fewest versions: what is tested on one Python is what the others run. No address of an index is written.
compile() { # OUTPUT OPTION... INPUT...
    "$VAR/uv/bin/uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --fork-strategy fewest --only-binary :all: --custom-compile-command 'make lock' \
        --no-emit-index-url --no-emit-find-links --output-file "$@"
}

cd "$ROOT/requirements"
compile lock.txt "$@" run.in test.in lint.in
compile node.txt "$@" node.in
say "Wrote requirements/lock.txt and requirements/node.txt; run 'make test' before committing them."
