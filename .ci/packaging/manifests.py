"""Files that lead to the archives of a release: install.sh, Homebrew, Scoop, Nix. Each is a template below packages/."""

import base64
import re

from common import REPOSITORY, ROOT, VERSION, fail, write

TEMPLATES = [
    ("install.sh", "install.sh"),
    ("homebrew/envseal.rb", "envseal.rb"),
    ("scoop/envseal.json", "envseal.json"),
    ("nix/envseal.nix", "envseal.nix"),
]


def write_all(folder, sums):
    """Fills in @VERSION@, @REPOSITORY@, @SHA256 TARGET@ in hex, and @SRI TARGET@ as Nix writes it."""

    def value(found):
        word, target = found[1], found[2]
        if not target:
            return {"VERSION": VERSION, "REPOSITORY": REPOSITORY}[word]
        digest = next((digest for name, digest in sums.items() if name.startswith(f"envseal-{VERSION}-{target}.")), None)
        if digest is None:
            raise LookupError(target)
        return digest if word == "SHA256" else f"sha256-{base64.b64encode(bytes.fromhex(digest)).decode()}"

    for source, name in TEMPLATES:
        text = (ROOT / "packages" / source).read_text("utf-8")
        try:
            filled = re.sub(r"@([A-Z0-9]+)(?: ([a-z0-9_-]+))?@", value, text)
        except LookupError as missing:
            print(f"SKIPPED: {name}: there is no archive for {missing}")
            (folder / name).unlink(missing_ok=True)
            continue
        if re.search(r"@[A-Z]", filled):
            fail(f"packages/{source} has a placeholder that nothing fills")
        write(folder / name, filled.encode())
