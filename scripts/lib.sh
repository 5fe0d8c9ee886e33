# shellcheck shell=bash disable=SC2034
# Shared by the set-up scripts: one way to fail, one way to run a step. Sourced, not run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VAR="$ROOT/var"
LOG="$VAR/log/setup.log"
STAMPS="$VAR/setup"

# A user's own Python settings would lead a virtual environment astray.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off

say() { printf '%s\n' "$*"; }

die() {
    printf 'lianfang: %s\n' "$*" >&2
    exit 1
}

shown_log() { printf '%s' "${LOG#"$ROOT"/}"; }

# hash_of FILE...: one digest of names and contents.
hash_of() { (cd "$ROOT" && sha256sum -- "$@" </dev/null) | sha256sum | cut -d ' ' -f 1; }

# A step is done when its stamp holds the key of today's inputs. The stamp is written last and at once.
is_stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null || true)" = "$2" ]; }

stamp() {
    printf '%s\n' "$2" >"$STAMPS/.$1.new"
    mv -f "$STAMPS/.$1.new" "$STAMPS/$1"
}

unstamp() { rm -f "$STAMPS/$1"; }

draw_bar() { # TITLE PERCENT SECONDS
    local filled=$(($2 * 30 / 100)) bar
    bar=$(printf '%*s' "$filled" '' | tr ' ' '#')
    printf '\r  %-38s [%-30s] %3d %% %4d s' "$1" "$bar" "$2" "$3"
}

# What the running step wrote to the log so far.
step_log() { tail -c "+$((step_offset + 1))" "$LOG"; }

no_percent() { :; }

child=
child_keeps=9     # a killed set-up's orphan keeps the lock until it is done with its files
wait_for_child=no # yes while a package manager runs: it must not be cut off in the middle

# step TITLE PERCENT_FUNCTION COMMAND...: run a command with its noise in the log, a bar on a terminal and one
# line at the end. Returns the command's status.
step() {
    local title=$1 percent_of=$2 started=$SECONDS status=0 percent=
    shift 2
    step_offset=$(stat -c %s "$LOG")
    printf '==> %s: %s\n' "$(date -u +%FT%TZ)" "$title" >>"$LOG"
    # Its own process group, so that an interrupt can end it with everything it started.
    set -m
    if [ "$child_keeps" = 9 ]; then
        "$@" >>"$LOG" 2>&1 </dev/null &
    else
        "$@" >>"$LOG" 2>&1 </dev/null 9>&- &
    fi
    child=$!
    set +m
    while [ -t 1 ] && kill -0 "$child" 2>/dev/null; do
        percent=$("$percent_of" || true)
        if [ -n "$percent" ]; then
            draw_bar "$title" "$percent" $((SECONDS - started))
        else
            printf '\r  %-38s %4d s' "$title" $((SECONDS - started))
        fi
        sleep 0.2
    done
    wait "$child" || status=$?
    child=
    if [ -t 1 ]; then printf '\r\033[K'; fi
    if [ "$status" = 0 ]; then printf '  %-38s %4d s\n' "$title" $((SECONDS - started)); fi
    return "$status"
}

# Undo what an unfinished step left; a step sets this while it works.
undo=:

finish_early() {
    trap - INT TERM HUP EXIT
    if [ -n "$child" ] && [ "$wait_for_child" = yes ]; then
        printf '\nwaiting for the package manager, so that it is not cut off in the middle\n' >&2
        wait "$child" || true
    elif [ -n "$child" ]; then
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    $undo
}

interrupted() {
    finish_early
    die "stopped; nothing is left half done, run the same command to go on"
}

trap interrupted INT TERM HUP
trap finish_early EXIT

# Say in one sentence why the step just run failed, from what it wrote to the log.
die_of() { # WHAT NEEDED_GB UNREACHABLE_SENTENCE
    local text reason
    text=$(step_log)
    if grep -qiE 'No space left on device|ENOSPC|Errno 28\b|enough free (disk )?space' <<<"$text"; then
        die "the disk became full while installing $1: free $2 GB and run the same command again (log: $(shown_log))"
    fi
    if grep -qE 'DO NOT MATCH THE HASHES|EINTEGRITY' <<<"$text"; then
        die "a download for $1 is not the file that was pinned by its hash: try another network or mirror (log: $(shown_log))"
    fi
    if grep -qiE "$unreachable_signs" <<<"$text"; then
        die "$3 (log: $(shown_log))"
    fi
    reason=$(grep -iE '^(E:|ERROR|lianfang:|error:|.*Error:)' <<<"$text" | tail -n 1 | cut -c 1-300 || true)
    reason=${reason:-$(grep -v '^\s*$' <<<"$text" | tail -n 1 | cut -c 1-300)}
    die "$1 could not be installed: ${reason%.} (log: $(shown_log))"
}

unreachable_signs='could not resolve|temporary failure|name or service not known|failed to establish|connection refused'
unreachable_signs+='|connection (timed out|reset|aborted)|read timed out|network is unreachable|unable to connect'
unreachable_signs+='|failed to fetch|unable to locate package|no matching distribution|ECONNREFUSED|ENOTFOUND|EAI_AGAIN'
unreachable_signs+='|ETIMEDOUT|registry can be reached|has no installation candidate|proxyerror|SSLError'
