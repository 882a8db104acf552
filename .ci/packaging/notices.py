"""What the binary is made of: a list of its parts (CycloneDX 1.5, sbom.cdx.json) and their licences (THIRD-PARTY.txt)."""

import hashlib
import json
import os
import re
import subprocess
import time
import uuid
from pathlib import Path

from common import DESCRIPTION, LICENCE, REPOSITORY, ROOT, VERSION, fail, glibc_needed

# What is compiled into these crates: the C library, its licence, the pattern of its version, and the file of its text.
BUNDLED = {
    "libgit2-sys": ("libgit2", "GPL-2.0-only WITH GCC-exception-2.0", "libgit2/include/git2/version.h", r'LIBGIT2_VERSION\s+"(.+?)"', "libgit2/COPYING"),
    "libz-sys": ("zlib", "Zlib", "src/zlib/zlib.h", r'ZLIB_VERSION "(.+?)"', "src/zlib/LICENSE"),
}
LICENCE_NAME = re.compile(r"(?i)^(un)?licen[cs]e|^copy(ing|right)|^notice")
# The texts that belong to no crate.
TEXTS = ROOT / "packages/notices"


def cargo(*arguments):
    return subprocess.check_output([os.environ.get("CARGO", "cargo"), *arguments], cwd=ROOT, text=True)


def linked(target):
    """Returns the crates whose code is in the binary, as `cargo metadata` describes them: no build, test or macro crates."""
    flags = ["--locked", "--color", "never", "--target", target, "-e", "normal,no-proc-macro", "--prefix", "none"]
    tree = cargo("tree", *flags, "-f", "{p}")
    names = {(name, version) for name, version in re.findall(r"^(\S+) v(\S+)", tree, re.MULTILINE)}
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    crates = {crate["id"]: crate for crate in metadata["packages"] if (crate["name"], crate["version"]) in names}
    if len(crates) != len(names):
        fail("cargo tree and cargo metadata disagree about the crates")
    needs = {}
    for node in metadata["resolve"]["nodes"]:
        normal = [need["pkg"] for need in node["deps"] if any(kind["kind"] is None for kind in need["dep_kinds"])]
        needs[node["id"]] = sorted(need for need in normal if need in crates)
    root = metadata["resolve"]["root"]
    return root, crates, needs


def checksums():
    """Returns the SHA-256 of each crate's archive, by name and version, from Cargo.lock."""
    entry = re.compile(r'\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"')
    return {(name, version): checksum for name, version, checksum in entry.findall((ROOT / "Cargo.lock").read_text("utf-8"))}


def others(target, crates, binary):
    """Returns the parts that are no crates: name, version, licence, purl, and the text of the licence."""
    # Panics name their source: below the commit of a compiler of the Rust project, or the version of a distribution's.
    compiler = re.search(rb"/rustc(?:-(?!demangle)[a-z]+)?[/-]([0-9a-f]{40}|\d+\.\d+\.\d+)/", binary)
    version = compiler[1].decode() if compiler else "unknown"
    parts = [("rust-std", version, LICENCE, f"pkg:github/rust-lang/rust@{version}", (TEXTS / "rust-std.txt").read_text("utf-8"))]
    if target.endswith("-musl") and not glibc_needed(binary):
        parts.append(("musl", "1.2", "MIT", "pkg:generic/musl@1.2", (TEXTS / "musl.txt").read_text("utf-8")))
    for crate in crates.values():
        if crate["name"] in BUNDLED:
            name, licence, header, pattern, text = BUNDLED[crate["name"]]
            folder = Path(crate["manifest_path"]).parent
            version = re.search(pattern, (folder / header).read_text("utf-8"))[1]
            parts.append((name, version, licence, f"pkg:generic/{name}@{version}", (folder / text).read_text("utf-8", "replace")))
    return sorted(parts)


def expression(crate):
    """Returns the licence as an SPDX expression; `MIT/Apache-2.0` is the old form of it."""
    if not crate["license"]:
        fail(f"{crate['name']} names no licence")
    return re.sub(r"\s*/\s*", " OR ", crate["license"])


def purl(crate):
    return f"pkg:cargo/{crate['name']}@{crate['version'].replace('+', '%2B')}"


def sbom(target, binary, when, root, crates, needs, parts):
    sums = checksums()
    components, depends = [], []
    program = {
        "type": "application",
        "bom-ref": purl(crates[root]),
        "name": "envseal",
        "version": VERSION,
        "description": DESCRIPTION,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(binary).hexdigest()}],
        "licenses": [{"expression": LICENCE}],
        "externalReferences": [{"type": "vcs", "url": REPOSITORY}],
        "properties": [{"name": "envseal:target", "value": target}],
    }
    for crate in sorted(crates.values(), key=purl):
        extra = [part[3] for part in parts if part[0] == BUNDLED.get(crate["name"], [None])[0]]
        if crate["id"] == root:
            extra = [part[3] for part in parts if part[0] in ("rust-std", "musl")]
        depends.append({"ref": purl(crate), "dependsOn": sorted([purl(crates[need]) for need in needs[crate["id"]]] + extra)})
        if crate["id"] != root:
            components.append({
                "type": "library",
                "bom-ref": purl(crate),
                "name": crate["name"],
                "version": crate["version"],
                "hashes": [{"alg": "SHA-256", "content": sums[crate["name"], crate["version"]]}],
                "licenses": [{"expression": expression(crate)}],
                "purl": purl(crate),
            })
    for name, version, licence, url, _ in parts:
        components.append(
            {"type": "library", "bom-ref": url, "name": name, "version": version, "licenses": [{"expression": licence}], "purl": url}
        )
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"{REPOSITORY}#{target}#{hashlib.sha256(binary).hexdigest()}").urn,
        "version": 1,
        "metadata": {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)), "component": program},
        "components": components,
        "dependencies": depends,
    }


def licence_texts(crate):
    """Returns the licences that a crate's archive contains."""
    folder = Path(crate["manifest_path"]).parent
    named = [folder / crate["license_file"]] if crate["license_file"] else []
    found = {path for path in [*folder.iterdir(), *named] if path.is_file() and (path in named or LICENCE_NAME.match(path.name))}
    return [path.read_text("utf-8", "replace") for path in sorted(found)]


def third_party(root, crates, parts):
    """Returns the notices: each text once, below the names of the parts that it belongs to."""
    texts, bare = {}, []
    for crate in sorted(crates.values(), key=purl):
        if crate["id"] == root:
            continue
        label = f"{crate['name']} {crate['version']} ({expression(crate)})"
        found = licence_texts(crate)
        if not found:
            bare.append((label, crate["authors"]))
        for text in found:
            # Line ends and blank lines at both ends make no other text.
            texts.setdefault("\n".join(line.rstrip() for line in text.strip().splitlines()), []).append(label)
    lines = [
        "envseal contains code of the projects below. It is itself under the licences in LICENSE-MIT and LICENSE-APACHE.",
        "The sources of each crate are at https://crates.io/crates/NAME/VERSION.",
    ]
    rule = "=" * 100
    for name, version, licence, _, text in parts:
        lines += ["", rule, f"{name} {version} ({licence})", rule, "", text.strip()]
    for text, labels in sorted(texts.items(), key=lambda item: item[1]):
        lines += ["", rule, *labels, rule, "", text]
    if bare:
        lines += ["", rule, "These name their licence, and their archives contain no text of it:", ""]
        lines += [f"{label}{': ' * bool(authors)}{', '.join(authors)}" for label, authors in bare]
        lines += [rule, "", (ROOT / "LICENSE-APACHE").read_text("utf-8").strip()]
    return "\n".join(line for text in lines for line in text.splitlines() or [""]) + "\n"


def notices(target, binary, when):
    """Returns the two files that each archive contains."""
    root, crates, needs = linked(target)
    parts = others(target, crates, binary)
    document = sbom(target, binary, when, root, crates, needs, parts)
    return {
        "sbom.cdx.json": (json.dumps(document, indent=1, sort_keys=True) + "\n").encode(),
        "THIRD-PARTY.txt": third_party(root, crates, parts).encode(),
    }
