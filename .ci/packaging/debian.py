"""The package of Debian and Ubuntu (deb(5)): an ar archive of two compressed tar archives."""

import hashlib
import re
from email.utils import formatdate

from common import (
    DESCRIPTION,
    LICENCE,
    REPOSITORY,
    ROOT,
    TARGETS,
    VERSION,
    glibc_needed,
    gzipped,
    program_in,
    tarred,
    write,
)

MAINTAINER = "The envseal authors <OWNER@users.noreply.github.com>"
REVISION = f"{VERSION.replace('-', '~')}-1"
SHARE = "usr/share"


def installed(files, when):
    """Returns what is installed: path below / → bytes. Texts are compressed as far as gzip can (Debian Policy 12)."""
    doc = f"{SHARE}/doc/envseal"
    paths = {
        "usr/bin/envseal": files[program_in(files)],
        f"{SHARE}/bash-completion/completions/envseal": files["completions/envseal.bash"],
        f"{SHARE}/zsh/vendor-completions/_envseal": files["completions/_envseal"],
        f"{SHARE}/fish/vendor_completions.d/envseal.fish": files["completions/envseal.fish"],
        f"{doc}/copyright": copyright_of(files),
        f"{doc}/changelog.Debian.gz": gzipped(changelog(when), 9),
        f"{doc}/changelog.gz": gzipped(files["CHANGELOG.md"], 9),
        f"{doc}/sbom.cdx.json": files["sbom.cdx.json"],
        f"{doc}/THIRD-PARTY.txt.gz": gzipped(files["THIRD-PARTY.txt"], 9),
    }
    for name, data in files.items():
        if name.startswith("man/"):
            paths[f"{SHARE}/man/man1/{name[4:]}.gz"] = gzipped(data, 9)
    return paths


def changelog(when):
    """Returns debian/changelog: this version alone, and when it was made (Debian Policy 4.4)."""
    date = formatdate(when, usegmt=False)
    return f"envseal ({REVISION}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- {MAINTAINER}  {date}\n".encode()


def copyright_of(files):
    """Returns debian/copyright in its machine-readable form (DEP 5)."""
    text = files["LICENSE-MIT"].decode()
    holder = re.search(r"(?m)^Copyright \(c\) (.+)$", text)[1]
    body = "\n".join(f" {line}".rstrip() if line.strip() else " ." for line in text.strip().splitlines())
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: envseal\nSource: {REPOSITORY}\n"
        "Comment: the binary contains other projects' code, listed with its licences in THIRD-PARTY.txt.gz beside this file.\n\n"
        f"Files: *\nCopyright: {holder}\nLicense: {LICENCE.replace(' OR ', ' or ').replace('MIT', 'Expat')}\n\n"
        f"License: Expat\n{body}\n\n"
        "License: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n"
    ).encode()


def control(target, paths):
    size = sum((len(data) + 1023) // 1024 for data in paths.values())
    fields = {
        "Package": "envseal",
        "Version": REVISION,
        "Architecture": TARGETS[target][1],
        "Maintainer": MAINTAINER,
        "Installed-Size": size,
        "Section": "utils",
        "Priority": "optional",
        "Homepage": REPOSITORY,
        "Description": f"{DESCRIPTION}\n `envseal run` starts a program with the decrypted values.",
    }
    glibc = glibc_needed(paths["usr/bin/envseal"])
    if glibc:
        fields["Depends"] = f"libc6 (>= {glibc[0]}.{glibc[1]})"
    return "".join(f"{name}: {value}\n" for name, value in fields.items()).encode()


def ar(members, when):
    """Returns an archive as deb(5) wants it: names of at most 15 bytes, each member at an even offset."""
    packed = b"!<arch>\n"
    for name, data in members:
        packed += f"{name:<16}{when:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return packed


def write_deb(folder, target, files, when):
    architecture = TARGETS[target][1]
    if not architecture:
        return
    paths = installed(files, when)
    sums = "".join(f"{hashlib.md5(data).hexdigest()}  {path}\n" for path, data in sorted(paths.items()))
    about = [("control", control(target, paths), 0o644), ("md5sums", sums.encode(), 0o644)]
    entries = [(path, data, 0o755 if path == "usr/bin/envseal" else 0o644) for path, data in sorted(paths.items())]
    members = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", gzipped(tarred(about, when, folders=True))),
        ("data.tar.gz", gzipped(tarred(entries, when, folders=True))),
    ]
    write(folder / f"envseal_{VERSION}_{architecture}.deb", ar(members, when))
