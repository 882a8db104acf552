#!/usr/bin/env bash
# Runs what the input `command` says: by default the check of what this event brings.
#
# Reads INPUT_COMMAND, DEFAULT_BRANCH, PULL_*, PUSH_* and GROUP_* (action.yml), and GITHUB_EVENT_NAME and GITHUB_REF.
set -euo pipefail

say() { printf '::%s title=envseal::%s\n' "$1" "$(printf '%s' "$2" | tr -d '\r' | tr '\n%' '  ')"; }
fail() {
    say error "$1"
    exit 2
}

here() { [[ $1 =~ ^[0-9a-f]{40,64}$ ]] && git cat-file -e "$1^{commit}" 2>/dev/null; }
need() { here "$1" || fail "commit ${1:-(none)} is not in this clone: give actions/checkout fetch-depth: 0"; }

# What a branch brings that was never judged: its commits since the default branch; all there are where it is that branch.
since_default() {
    local tip
    tip=$(git rev-parse --verify --quiet "refs/remotes/origin/${DEFAULT_BRANCH:-}^{commit}") || tip=
    if [ -n "$tip" ] && [ "${GITHUB_REF:-}" != "refs/heads/$DEFAULT_BRANCH" ]; then
        scope=(--range "$tip...$1")
    else
        say notice "nothing to compare $1 with: all of history is checked"
        scope=(--history)
    fi
}

# Sets `scope`: the options of `envseal check` for this event.
choose_scope() {
    scope=()
    git rev-parse --git-dir >/dev/null || fail "there is no repository here that git works in: check it out first"
    if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        fail "this clone is shallow, so what it lacks cannot be judged: give actions/checkout fetch-depth: 0"
    fi
    case ${GITHUB_EVENT_NAME:-} in
    pull_request | pull_request_target)
        if [ "$GITHUB_EVENT_NAME" = pull_request_target ]; then
            if env | grep -Eq '^ENVSEAL_(PRIVATE_KEY|IDENTITY)'; then
                fail "pull_request_target must not be given a key: the pull request's author could get it. Use pull_request"
            fi
            say warning "pull_request_target has secrets at hand: never run what the pull request brings. This check needs pull_request only"
        fi
        need "${PULL_BASE:-}"
        need "${PULL_HEAD:-}"
        scope=(--range "$PULL_BASE...$PULL_HEAD")
        ;;
    merge_group)
        need "${GROUP_BASE:-}"
        need "${GROUP_HEAD:-}"
        scope=(--range "$GROUP_BASE..$GROUP_HEAD")
        ;;
    push)
        if [[ ${PUSH_AFTER:-} =~ ^0+$ ]]; then
            say notice "the branch was deleted: nothing to check"
            exit 0
        fi
        need "${PUSH_AFTER:-}"
        # Zeros for a new branch; after a forced push the former commit may be gone.
        if here "${PUSH_BEFORE:-}"; then
            scope=(--range "$PUSH_BEFORE..$PUSH_AFTER")
        else
            since_default "$PUSH_AFTER"
        fi
        ;;
    *) say notice "${GITHUB_EVENT_NAME:-this event} brings no commits: the files as they are checked out are checked" ;;
    esac
}

set -f # a `*` is a word like any other
# shellcheck disable=SC2206
words=(${INPUT_COMMAND:-})
set +f
[ "${#words[@]}" -gt 0 ] || words=(check)
case ${words[0]} in
none) exit 0 ;;
check) ;;
*) exec envseal "${words[@]}" ;;
esac

scope=()
case " ${words[*]} " in
*' --range'* | *' --max-age'* | *' --staged '* | *' --history '* | *' --fix '*) ;;
*)
    choose_scope
    # All but a range is judged by today's policy, so that there is none to accept.
    if [ "${scope[0]:-}" != --range ]; then
        kept=()
        for word in "${words[@]}"; do
            [ "$word" = --accept-policy ] || kept+=("$word")
        done
        words=("${kept[@]}")
    fi
    ;;
esac
case " ${words[*]} " in
*' --json '* | *' --sarif '* | *' --github '*) ;;
*) words+=(--github) ;;
esac

# Shows the reviewer which names a pull request changes; needs no key, and is done whatever the check finds.
if [[ ${GITHUB_EVENT_NAME:-} == pull_request* ]] && [ "${scope[0]:-}" = --range ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    envseal diff --format markdown "${PULL_BASE}...${PULL_HEAD}" \
        >>"$GITHUB_STEP_SUMMARY" 2>/dev/null || say notice "the names that changed cannot be shown"
fi

# What is said beside the findings may hold names that the author of a change chose, and a runner takes commands from
# any line: so it takes none from those (GitHub, "Stopping and starting workflow commands").
printf 'envseal %s\n' "${words[*]} ${scope[*]-}"
log=$(mktemp)
status=0
envseal "${words[@]}" ${scope[@]+"${scope[@]}"} 2>"$log" || status=$?
word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$word"
cat "$log"
printf '::%s::\n' "$word"
rm -f "$log"
exit "$status"
