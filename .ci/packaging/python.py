"""The Python distribution of packages/python: a wheel with the binary for each platform, and one without, with its source."""

import base64
import hashlib
import tomllib

from common import (
    LICENCE_FILES,
    NOTICE_FILES,
    REPOSITORY,
    ROOT,
    TARGETS,
    VERSION,
    fail,
    glibc_needed,
    gzipped,
    program_in,
    tarred,
    write,
    zipped,
)

SOURCE = ROOT / "packages/python"
PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text("utf-8"))["project"]
DISTRIBUTION = f"{PROJECT['name'].replace('-', '_')}-{VERSION}"


def metadata():
    """Returns METADATA, which is also PKG-INFO (version 2.4, PEP 639)."""
    if PROJECT["version"] != VERSION:
        fail(f"packages/python/pyproject.toml is not at {VERSION}")
    readme = (SOURCE / PROJECT["readme"]).read_text("utf-8")
    # Its links are relative, which is of no use to who reads it elsewhere.
    readme = readme.replace("](../../", f"]({REPOSITORY}/blob/v{VERSION}/")
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", PROJECT["name"]),
        ("Version", VERSION),
        ("Summary", PROJECT["description"]),
        ("Keywords", ",".join(PROJECT["keywords"])),
        ("License-Expression", PROJECT["license"]),
        *(("License-File", name) for name in LICENCE_FILES),
        ("Project-URL", f"Source, {REPOSITORY}"),
        *(("Classifier", name) for name in PROJECT["classifiers"]),
        ("Requires-Python", PROJECT["requires-python"]),
        *(("Requires-Dist", name) for name in PROJECT["dependencies"]),
        ("Description-Content-Type", "text/markdown"),
    ]
    return "".join(f"{name}: {value}\n" for name, value in fields) + "\n" + readme


def sources():
    return sorted(path for path in (SOURCE / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def module():
    return {path.relative_to(SOURCE / "src").as_posix(): path.read_bytes() for path in sources()}


def platform(target, binary):
    """Returns the platform tag. A static binary runs on any Linux, so on what the oldest tags mean (PEP 600, PEP 656)."""
    name = TARGETS[target][2]
    if "-linux-" not in target:
        return name
    glibc = glibc_needed(binary)
    if glibc:
        return f"manylinux_{glibc[0]}_{glibc[1]}_{name}"
    return f"manylinux_2_17_{name}.manylinux2014_{name}.musllinux_1_1_{name}"


def write_archive(folder, tag, files, when, script=None):
    """Writes a wheel. `script` is the path of the file that is to be on PATH."""
    info = f"{DISTRIBUTION}.dist-info"
    expanded = [f"py3-none-{one}" for one in tag.split(".")]
    wheel = ["Wheel-Version: 1.0", "Generator: envseal", f"Root-Is-Purelib: {str(script is None).lower()}"]
    wheel += [f"Tag: {one}" for one in expanded]
    files[f"{info}/METADATA"] = metadata().encode()
    files[f"{info}/WHEEL"] = ("\n".join(wheel) + "\n").encode()
    for name in LICENCE_FILES:
        files[f"{info}/licenses/{name}"] = (ROOT / name).read_bytes()
    record = [f"{path},sha256={encoded(data)},{len(data)}\n" for path, data in sorted(files.items())]
    files[f"{info}/RECORD"] = ("".join(record) + f"{info}/RECORD,,\n").encode()
    # The list comes last, as installers expect it.
    paths = sorted(files, key=lambda path: (path.startswith(info), path.endswith("/RECORD"), path))
    entries = [(path, files[path], 0o755 if path == script else 0o644) for path in paths]
    write(folder / f"{DISTRIBUTION}-py3-none-{tag}.whl", zipped(entries, when))


def encoded(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def write_wheel(folder, target, files, when):
    program = program_in(files)
    script = f"{DISTRIBUTION}.data/scripts/{program}"
    packed = module() | {script: files[program]}
    packed |= {f"{DISTRIBUTION}.dist-info/licenses/{name}": files[name] for name in NOTICE_FILES if name.endswith(".txt")}
    packed |= {f"{DISTRIBUTION}.dist-info/sboms/{name}": files[name] for name in NOTICE_FILES if name.endswith(".json")}
    write_archive(folder, platform(target, files[program]), packed, when, script)


def write_pure(folder, when):
    """Writes the reader alone: a wheel for platforms without a binary, and the source."""
    write_archive(folder, "any", module(), when)
    files = {"PKG-INFO": metadata().encode()}
    for path in [SOURCE / "pyproject.toml", SOURCE / PROJECT["readme"], *sources()]:
        files[path.relative_to(SOURCE).as_posix()] = path.read_bytes()
    files |= {name: (ROOT / name).read_bytes() for name in LICENCE_FILES}
    entries = [(f"{DISTRIBUTION}/{path}", data, 0o644) for path, data in sorted(files.items())]
    write(folder / f"{DISTRIBUTION}.tar.gz", gzipped(tarred(entries, when)))
