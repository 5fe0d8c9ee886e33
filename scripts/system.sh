# shellcheck shell=bash disable=SC2034
# What the machine has, and what Debian's package manager must add. Sourced, not run.

has_postgis() {
    local control major dir bin
    for control in /usr/share/postgresql/*/extension/postgis.control; do
        dir=$(dirname "$control")
        major=$(basename "$(dirname "$dir")")
        if [ -x "/usr/lib/postgresql/$major/bin/initdb" ] && [ "$major" -ge 15 ] 2>/dev/null &&
            [ -e "$dir/ltree.control" ] && [ -e "$dir/btree_gist.control" ]; then
            return 0
        fi
    done
    bin=$(pg_config --bindir 2>/dev/null) || return 1
    dir=$(pg_config --sharedir 2>/dev/null)/extension
    [ -x "$bin/initdb" ] && [ -e "$dir/postgis.control" ] && [ -e "$dir/ltree.control" ]
}

# The first Python from 3.11 to 3.13 that can make a virtual environment.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys, venv, ensurepip, ssl, ctypes, zlib
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

die_without_python() {
    die "no Python from 3.11 to 3.13 with venv and ssl was found on the PATH, and $(system_name) brings none:" \
        "install one, for example python3.12 with python3.12-venv"
}

has_cjk_fonts() {
    compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null ||
        { command -v fc-list >/dev/null && [ -n "$(fc-list ':lang=zh-cn' family 2>/dev/null)" ]; }
}

# What sets the text of a PDF.
has_pango() {
    local name
    for name in libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0; do
        compgen -G "/usr/lib*/$name" >/dev/null || compgen -G "/usr/lib/*/$name" >/dev/null || return 1
    done
}

# Most of GStreamer's plug-ins come with the library, but not the one that writes a clock into a picture; the
# binding is the system's Python's alone.
has_rtsp_server() {
    compgen -G '/usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib' >/dev/null &&
        compgen -G '/usr/lib/*/gstreamer-1.0/libgstpango.so' >/dev/null &&
        [ -e /usr/lib/python3/dist-packages/gi/__init__.py ]
}

has_tesseract() {
    command -v tesseract >/dev/null && compgen -G '/usr/share/tesseract-ocr/*/tessdata/eng.traineddata' >/dev/null
}

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

is_debian() { (. /etc/os-release 2>/dev/null && [[ " ${ID:-} ${ID_LIKE:-} " =~ \ (debian|ubuntu)\  ]]); }

system_name() { (. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-this system}") || printf 'this system'; }

is_ubuntu() { (. /etc/os-release 2>/dev/null && [ "${ID:-}" = ubuntu ]); }

# missing_packages PURPOSE: Debian package names, and beside each the words for people.
missing_packages() {
    local unfinished
    unfinished=$(cat "$STAMPS/packages" 2>/dev/null || true)
    if [ -n "$unfinished" ]; then
        printf '%s\n' "$unfinished|the system packages of an earlier attempt"
        return 0
    fi
    if [ "$1" != lint ]; then
        has_postgis || printf '%s\n' 'postgresql postgresql-postgis|PostgreSQL with PostGIS'
        has_cjk_fonts || printf '%s\n' 'fonts-noto-cjk|Chinese fonts'
        has_pango || printf '%s\n' 'libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0|Pango'
    fi
    if needs_venv && ! find_python >/dev/null; then printf '%s\n' "python3 python3-venv|Python's venv"; fi
    if [ "$1" = test ] && ! find_chromium >/dev/null; then
        # Ubuntu's package of this name brings the browser as a snap.
        if is_ubuntu; then printf '%s\n' 'chromium-browser|Chromium'; else printf '%s\n' 'chromium|Chromium'; fi
    fi
    if [ "$1" = test ]; then
        has_rtsp_server ||
            printf '%s\n' "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-x python3-gi|GStreamer's RTSP server"
        has_tesseract || printf '%s\n' 'tesseract-ocr|Tesseract'
    fi
}

as_root=()

# Find the way to root before anything is changed, asking for the password now, not in the middle.
find_root() { # PACKAGES
    local command="apt-get update && apt-get install -y --no-install-recommends $1"
    is_debian || die "these packages are missing and only Debian and Ubuntu are set up by themselves, not" \
        "$(system_name): install what your system calls $1, then run the same command again"
    [ "$(id -u)" != 0 ] || return 0
    if command -v sudo >/dev/null; then
        as_root=(sudo)
        if sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; then return 0; fi
    fi
    die "system packages are missing and installing them needs root: run '$command' as root, then the same command again"
}

apt_percent() {
    step_log | awk -F : '/^dlstatus:/ {p = $3 / 2} /^pmstatus:/ {p = 50 + $3 / 2} END {print int(p)}'
}

# apt closes the descriptor of its status lines for everything it starts, so that must not be one of the usual
# three; and it is opened behind sudo, which closes whatever else it is given.
# shellcheck disable=SC2016 # expanded by the inner shell
with_status() { "${as_root[@]}" sh -c 'exec 5>>"$0"; exec "$@"' "$LOG" "$@"; }

run_apt() { # PACKAGE...
    # No pseudo-terminal: the output goes to the log, and a bare container may have none to give.
    local get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    # A power cut in the middle of an earlier installation is repaired first.
    "${as_root[@]}" dpkg --configure -a
    "${as_root[@]}" "${get[@]}" update
    with_status "${get[@]}" install -y --no-install-recommends -o APT::Status-Fd=5 "$@"
}

install_packages() { # PACKAGE...
    # Files of an unconfigured package look like an installed one, so the note stays until all went well.
    stamp packages "$*"
    # A database server that the packages start must not inherit the lock.
    wait_for_child=yes child_keeps=
    step "System packages" apt_percent run_apt "$@" ||
        die_of "the system packages" 2 "the package archive cannot be reached: check the network and /etc/apt/sources.list*"
    wait_for_child=no child_keeps=9
    unstamp packages
}

# Which process listens on a port of this machine, as far as the caller may see; from /proc, because a bare
# machine has neither ss nor lsof.
holder_of() { # PORT
    local hex inode link pid
    hex=$(printf ':%04X' "$1")
    while read -r inode; do
        link=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null || true)
        [ -n "$link" ] || continue
        pid=${link#/proc/}
        pid=${pid%%/*}
        printf ' by process %s (%s)' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-60 | sed 's/ *$//')"
        return 0
    done < <(awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port {print $10}' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

check_port() { # PORT
    if ! [[ "$1" =~ ^[0-9]{1,5}$ ]] || [ "$1" -lt 1 ] || [ "$1" -gt 65535 ]; then
        die "PORT=$1 is not a port: give a number from 1 to 65535, such as 'make run PORT=8001'"
    fi
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        die "port $1 is taken$(holder_of "$1"): stop that program, or run 'make run PORT=$(($1 < 65535 ? $1 + 1 : 8000))'"
    fi
}

# check_room FOLDER MEGABYTES WHAT: refuse beforehand what could not end well.
check_room() {
    local folder=$1 free
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    free=$(df -Pm "$folder" | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$2" ] ||
        die "not enough room in $folder: $3 need $(gigabytes "$2") GB and $(gigabytes "$free") GB are free"
}

gigabytes() { awk -v mb="$1" 'BEGIN {printf "%.1f", mb / 1000}'; }
