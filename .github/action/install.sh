#!/usr/bin/env bash
# Puts a release of envseal on the PATH of the steps that follow. Nothing is installed whose checksum is not the release's.
#
# Reads INPUT_VERSION, INPUT_SHA256, INPUT_FROM, INPUT_BUILD and RELEASES (action.yml), and what a runner sets:
# RUNNER_OS, RUNNER_ARCH, RUNNER_TEMP, GITHUB_PATH, GITHUB_ACTION_PATH.
set -euo pipefail

fail() {
    # One line, in which nothing can be a workflow command of its own.
    printf '::error title=envseal was not installed::%s\n' "$(printf '%s' "$*" | tr -d '\r' | tr '\n%' '  ')"
    exit 1
}

sha256_of() {
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

fetch() {
    curl --proto '=https,file' --proto-redir '=https' --fail --silent --show-error --location \
        --retry 3 --connect-timeout 20 --max-time 300 --output "$2" -- "$1" ||
        fail "could not fetch $1"
}

# Only a folder of this run's own: what an earlier job left behind is not trusted.
place=$(mktemp -d "${RUNNER_TEMP:?}/envseal.XXXXXX")
mkdir "$place/bin"

if [ "${INPUT_BUILD:-}" = true ]; then
    # From there, so that the flags of its .cargo/config.toml hold.
    cd "${GITHUB_ACTION_PATH:?}"
    cargo install --locked --path . --root "$place" || fail "cargo could not build it"
else
    version=${INPUT_VERSION:-}
    if [ -z "$version" ]; then
        version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "${GITHUB_ACTION_PATH:?}/Cargo.toml" | head -n 1)
    fi
    version=${version#v}
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "$version is no version, as 0.1.0 is one"

    case ${RUNNER_ARCH:?} in
    X64) arch=x86_64 ;;
    ARM64) arch=aarch64 ;;
    *) fail "there is no release for $RUNNER_ARCH; set build: true" ;;
    esac
    program=envseal
    case ${RUNNER_OS:?} in
    Linux) target=$arch-unknown-linux-musl ending=tar.gz ;;
    macOS) target=$arch-apple-darwin ending=tar.gz ;;
    Windows) target=$arch-pc-windows-msvc ending=zip program=envseal.exe ;;
    *) fail "there is no release for $RUNNER_OS; set build: true" ;;
    esac
    name=envseal-$version-$target
    from=${INPUT_FROM:-}
    if [ -z "$from" ]; then
        from=${RELEASES:?}
        # As it is with no repository in it. What another one calls a release of envseal is not one.
        case $from in
        *//releases/download) fail "which repository this action is from is not known here; set the input from" ;;
        esac
    fi
    from=$from/v$version

    # Some programs print it in capitals.
    expected=$(printf '%s' "${INPUT_SHA256:-}" | tr A-F a-f)
    [[ $expected =~ ^([0-9a-f]{64})?$ ]] || fail "the input sha256 is not 64 hex digits"
    fetch "$from/$name.$ending" "$place/archive"
    if [ -z "$expected" ]; then
        fetch "$from/SHA256SUMS" "$place/sums"
        expected=$(awk -v name="$name.$ending" '$2 == name || $2 == "*" name { print $1 }' "$place/sums")
    fi
    [[ $expected =~ ^[0-9a-f]{64}$ ]] || fail "there is not one SHA-256 for $name.$ending"
    [ "$(sha256_of "$place/archive")" = "$expected" ] || fail "$name.$ending has another SHA-256 than $expected"

    # One file is read out of the archive; nothing in it says where that is written.
    if [ "$ending" = zip ]; then
        unzip -p "$place/archive" "$name/$program" >"$place/bin/$program" || fail "$name.$ending holds no $program"
    else
        tar -xzOf "$place/archive" "$name/$program" >"$place/bin/$program" || fail "$name.$ending holds no $program"
    fi
    [ -s "$place/bin/$program" ] || fail "$name.$ending holds no $program"
    chmod +x "$place/bin/$program"
    rm -f "$place/archive" "$place/sums"
    is=$("$place/bin/$program" --version) || fail "$name.$ending does not run here"
    [ "$is" = "envseal $version" ] || fail "$name.$ending holds another version"
fi

printf '%s\n' "$place/bin" >>"${GITHUB_PATH:?}"
printf 'envseal is on the PATH of the steps that follow\n'
