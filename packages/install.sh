#!/bin/sh
# Installs envseal @VERSION@: sh install.sh [--prefix DIR]
#
# Downloads the archive for this machine, compares its SHA-256 with the release's SHA256SUMS, and installs the command,
# manual pages and completions below DIR, which is ~/.local by default. Needs tar, curl or wget, and a program that
# computes SHA-256. ENVSEAL_FROM names another place of the release's files: a folder, or a URL.
set -eu

fail() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

target() {
    system=$(uname -s) processor=$(uname -m)
    # A shell that runs under Rosetta sees another processor.
    if [ "$system" = Darwin ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null || true)" = 1 ]; then processor=arm64; fi
    case $processor in
    x86_64 | amd64) processor=x86_64 ;;
    aarch64 | arm64) processor=aarch64 ;;
    *) fail "there is no release for $processor" "build it from source with cargo" ;;
    esac
    case $system in
    Linux) printf '%s-unknown-linux-musl' "$processor" ;;
    Darwin) printf '%s-apple-darwin' "$processor" ;;
    *) fail "this script does not install on $system" "on Windows use Scoop or npm" ;;
    esac
}

sha256() {
    if have sha256sum; then
        sha256sum <"$1" | cut -d ' ' -f 1
    elif have shasum; then
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    else
        openssl dgst -sha256 <"$1" | sed 's/.*= *//'
    fi
}

fetch() { # FILE TO
    case $from in
    https://*)
        if have curl; then
            curl --proto '=https' --tlsv1.2 -fsSL --retry 3 -o "$2" "$from/$1"
        elif have wget; then
            wget -q -O "$2" "$from/$1"
        else
            fail "neither curl nor wget is installed"
        fi
        ;;
    file://*) cp "${from#file://}/$1" "$2" ;;
    *://*) fail "ENVSEAL_FROM must be an https URL, a file URL or a folder" ;;
    *) cp "$from/$1" "$2" ;;
    esac || fail "cannot get $from/$1"
}

put() { # MODE FILE TO: in one step, also over a command that is running
    mkdir -p "$prefix/${3%/*}"
    cp "$2" "$prefix/$3.new$$"
    chmod "$1" "$prefix/$3.new$$"
    mv -f "$prefix/$3.new$$" "$prefix/$3"
}

main() {
    prefix=${HOME:-}/.local
    while [ $# -gt 0 ]; do
        case $1 in
        --prefix) [ $# -gt 1 ] || fail "--prefix needs a folder"; prefix=$2; shift ;;
        --prefix=*) prefix=${1#*=} ;;
        *) fail "unknown option $1" "sh install.sh --prefix DIR" ;;
        esac
        shift
    done
    case $prefix in
    /*) ;;
    *) prefix=$PWD/$prefix ;;
    esac
    have sha256sum || have shasum || have openssl ||
        fail "cannot verify the download: none of sha256sum, shasum and openssl is installed"
    have tar || fail "tar is not installed"

    version=@VERSION@
    from=${ENVSEAL_FROM:-@REPOSITORY@/releases/download/v$version}
    target=$(target)
    name=envseal-$version-$target
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' HUP INT TERM

    fetch SHA256SUMS "$scratch/sums"
    fetch "$name.tar.gz" "$scratch/archive"
    expected=$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1 }' "$scratch/sums")
    [ "${#expected}" -eq 64 ] || fail "SHA256SUMS does not list $name.tar.gz"
    [ "$(sha256 "$scratch/archive")" = "$expected" ] || fail "$name.tar.gz doesn't have the checksum that SHA256SUMS lists"

    tar -xzf "$scratch/archive" -C "$scratch"
    root=$scratch/$name
    said=$("$root/envseal" --version) || fail "the binary does not run on this machine"
    [ "$said" = "envseal $version" ] || fail "the archive contains another version: $said"
    put 755 "$root/envseal" bin/envseal
    for page in "$root"/man/*.1; do put 644 "$page" "share/man/man1/${page##*/}"; done
    put 644 "$root/completions/envseal.bash" share/bash-completion/completions/envseal
    put 644 "$root/completions/_envseal" share/zsh/site-functions/_envseal
    put 644 "$root/completions/envseal.fish" share/fish/vendor_completions.d/envseal.fish
    put 644 "$root/THIRD-PARTY.txt" share/doc/envseal/THIRD-PARTY.txt
    put 644 "$root/sbom.cdx.json" share/doc/envseal/sbom.cdx.json

    printf 'Installed envseal %s in %s/bin\n' "$version" "$prefix"
    case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) printf 'Add it to your PATH: %s/bin\n' "$prefix" ;;
    esac
}

# Last, so that half a download does nothing.
main "$@"
