#!/bin/sh
# usage: write.sh ENVSEAL FOLDER: has a release's envseal write what tests/cli/upgrades.rs reads.
set -eu
envseal=$1 folder=$(mkdir -p "$2" && cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=Alice GIT_AUTHOR_EMAIL=alice@example.com GIT_AUTHOR_DATE=2026-01-02T03:04:05Z
export GIT_COMMITTER_NAME=Alice GIT_COMMITTER_EMAIL=alice@example.com GIT_COMMITTER_DATE=2026-01-02T03:04:05Z
unset XDG_DATA_HOME XDG_CONFIG_HOME
mkdir -p "$HOME" "$work/repo"
cd "$work/repo"
git init -q -b main
git commit -q --allow-empty -m root
run() { "$envseal" -q "$@" </dev/null; }
# shellcheck disable=SC2016 # references are the file's own
printf '%s\n' "PLAIN=8080 # envseal: plain" 'USER_NAME=admin' 'URL="https://${USER_NAME}@localhost"' "LINES='one" "two'" >.env
run encrypt
run set 'LITERAL=not a $reference'
run set TOKEN=first -e production
run team request --name alice
git add -A && git commit -q -m one --no-verify
run key rotate -e production
git add -A && git commit -q -m two --no-verify
fingerprint=$("$envseal" team whoami --json | sed -n 's/.*"fingerprint": *"\([^"]*\)".*/\1/p')
run team approve alice -e production --fingerprint "$fingerprint"
cp .env "$folder/env.txt"
cp .env.production "$folder/env.production.txt"
cp envseal.toml "$folder/team.toml"
cp .env.keys "$folder/keys.txt"
cp "$HOME/.local/share/envseal/identity" "$folder/identity.txt"
cp "$HOME/.local/share/envseal/pins/$(git rev-list --max-parents=0 HEAD)" "$folder/pins.txt"
"$envseal" get --json >"$folder/values.json"
