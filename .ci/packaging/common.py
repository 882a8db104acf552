"""What all kinds of package share: the version, the time, the table of targets, and archives of the same bytes each time."""

import gzip
import io
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = (ROOT / "Cargo.toml").read_text("utf-8")
VERSION = re.search(r'^version = "(.+)"$', MANIFEST, re.MULTILINE)[1]
REPOSITORY = re.search(r'^repository = "(.+)"$', MANIFEST, re.MULTILINE)[1]
DESCRIPTION = "Encrypt the values of .env files and share them through git"
LICENCE = "MIT OR Apache-2.0"
LICENCE_FILES = ["LICENSE-MIT", "LICENSE-APACHE"]
NOTICE_FILES = ["THIRD-PARTY.txt", "sbom.cdx.json"]

# The targets of a release, and their names in npm (system and processor), Debian, and Python (the platform tag; on Linux the
# processor, as the rest of the tag depends on what the binary needs).
TARGETS = {
    "x86_64-unknown-linux-musl": ("linux-x64", "amd64", "x86_64"),
    "aarch64-unknown-linux-musl": ("linux-arm64", "arm64", "aarch64"),
    "x86_64-apple-darwin": ("darwin-x64", None, "macosx_11_0_x86_64"),
    "aarch64-apple-darwin": ("darwin-arm64", None, "macosx_11_0_arm64"),
    "x86_64-pc-windows-msvc": ("win32-x64", None, "win_amd64"),
    "aarch64-pc-windows-msvc": ("win32-arm64", None, "win_arm64"),
}
# Level 9 takes three times as long, and saves less than a hundredth.
LEVEL = 6


def moment():
    """Returns when the commit was made, in seconds since 1970, so that no clock has a say."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    return int(subprocess.check_output(["git", "-C", ROOT, "log", "-1", "--format=%ct"]))


def gzipped(data, level=LEVEL):
    return gzip.compress(data, level, mtime=0)


def tarred(files, when, folders=False):
    """Returns an uncompressed tar archive of (path, bytes, mode). With `folders`, each folder has an entry before its files."""
    packed, made = io.BytesIO(), set()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT if folders else tarfile.USTAR_FORMAT) as archive:
        for name, data, mode in files:
            for folder in reversed(Path(name).parents) if folders else ():
                if str(folder) not in made:
                    made.add(str(folder))
                    entry = tarfile.TarInfo("./" if str(folder) == "." else f"./{folder}/")
                    entry.type, entry.mode, entry.mtime, entry.uname, entry.gname = tarfile.DIRTYPE, 0o755, when, "root", "root"
                    archive.addfile(entry)
            entry = tarfile.TarInfo(f"./{name}" if folders else name)
            entry.size, entry.mode, entry.mtime = len(data), mode, when
            if folders:
                entry.uname = entry.gname = "root"
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def zipped(files, when):
    """Returns a zip archive of (path, bytes, mode)."""
    packed = io.BytesIO()
    date = time.gmtime(max(when, 315532800))[:6]  # the format begins in 1980
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, data, mode in files:
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every system that packs
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)
    return packed.getvalue()


def unpacked(archive):
    """Returns the files of a release archive: path below its top folder → bytes."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as source:
            entries = {name: source.read(name) for name in source.namelist()}
    else:
        with tarfile.open(archive) as source:
            entries = {entry.name: source.extractfile(entry).read() for entry in source}
    return {name.partition("/")[2]: data for name, data in entries.items()}


def program_in(files):
    """Returns the name of the program among the files of an archive."""
    return next(name for name in ("envseal", "envseal.exe") if name in files)


def glibc_needed(binary):
    """Returns the glibc (2, minor) that a Linux binary needs, or None if it is static."""
    if b"\x00libc.so.6\x00" not in binary:
        return None
    versions = [int(minor) for minor in re.findall(rb"\x00GLIBC_2\.(\d+)(?=[.\x00])", binary)]
    # Relative relocations in the short form need the loader of 2.36.
    return 2, max(versions + [36] * (b"\x00GLIBC_ABI_DT_RELR\x00" in binary), default=17)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(path)


def fail(message):
    sys.exit(f"FAILED: {message}")
