"""The packages of npm: the main one is packages/node; one for each platform contains the binary."""

import json

from common import (
    LICENCE,
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
)

MAIN = ROOT / "packages/node"


def manifest():
    """Returns packages/node/package.json. Its optionalDependencies are the one place that names the platforms' packages."""
    main = json.loads((MAIN / "package.json").read_text("utf-8"))
    pins = main["optionalDependencies"]
    if {main["version"], *pins.values()} != {VERSION}:
        fail(f"packages/node/package.json is not at {VERSION}, or pins another version")
    if len(pins) != len(TARGETS):
        fail("packages/node/package.json does not name one package for each target")
    return main


def name_of(target):
    """Returns the package of a target: the one whose name ends in its system and processor."""
    return next(name for name in manifest()["optionalDependencies"] if name.endswith(f"-{TARGETS[target][0]}"))


def write_package(folder, package, files, when):
    """Writes the file that `npm pack` would name so. The launcher and the binary are executable."""
    entries = [(f"package/{path}", data, 0o755 if path.startswith("bin/envseal") else 0o644) for path, data in sorted(files.items())]
    name = package["name"].lstrip("@").replace("/", "-")
    write(folder / f"{name}-{VERSION}.tgz", gzipped(tarred(entries, when)))


def write_main(folder, when):
    main = manifest()
    paths = [MAIN / name for name in ["package.json", "README.md", *main["files"]]]
    paths = [path for found in paths for path in (sorted(found.rglob("*")) if found.is_dir() else [found]) if path.is_file()]
    files = {path.relative_to(MAIN).as_posix(): path.read_bytes() for path in paths}
    files.update({name: (ROOT / name).read_bytes() for name in LICENCE_FILES})
    write_package(folder, main, files, when)


def write_platform(folder, target, files, when):
    system, _, processor = TARGETS[target][0].partition("-")
    program = program_in(files)
    package = {
        "name": name_of(target),
        "version": VERSION,
        "description": f"The envseal command for {system} on {processor}",
        "license": LICENCE,
        "repository": {"type": "git", "url": f"git+{REPOSITORY}.git"},
        "os": [system],
        "cpu": [processor],
        "preferUnplugged": True,
    }
    if system == "linux" and glibc_needed(files[program]):
        package["libc"] = ["glibc"]
    readme = f"# {package['name']}\n\nThe binary of [envseal]({REPOSITORY}) for one platform. Install `envseal` instead.\n"
    packed = {name: files[name] for name in [*LICENCE_FILES, *NOTICE_FILES]}
    packed |= {"README.md": readme.encode(), "package.json": (json.dumps(package, indent=2) + "\n").encode()}
    packed[f"bin/{program}"] = files[program]
    write_package(folder, package, packed, when)
