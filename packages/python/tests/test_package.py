"""The package by itself: its lists are the binary's, and no file calls it by another project's name."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import unittest

from support import PACKAGE, ROOT

from envseal_dotenv import _dialect, _files

SOURCES = PACKAGE / "src/envseal_dotenv"


def strings(text: str) -> list[str]:
    """Returns the string literals of Rust source."""
    return [found.encode().decode("unicode_escape") for found in re.findall(r'"((?:[^"\\]|\\.)*)"', text)]


def constant(source: str, name: str) -> list[str]:
    found = re.search(rf"const {name}: [^=]*= (.*?)\];\n", source, re.DOTALL)
    assert found, f"{name} is not in the source"
    return strings(found[1])


class Lists(unittest.TestCase):
    def test_reserved_names_are_those_of_the_binary(self) -> None:
        original, copy = ROOT / "src/dotenv/reserved.tsv", SOURCES / "reserved.tsv"
        if os.environ.get("UPDATE"):
            copy.write_bytes(original.read_bytes())
        self.assertEqual(copy.read_bytes(), original.read_bytes(), "out of date: UPDATE=1, and run this test again")

    def test_spellings_and_endings_of_reserved_names(self) -> None:
        source = (ROOT / "src/dotenv/reserved.rs").read_text()
        self.assertEqual(constant(source, "SETTINGS"), ["npm_config_", "pnpm_config_", "yarn_"])
        self.assertIn('["_TOKEN", "_API_KEY"].iter().any(|end| name.ends_with(end))', source)

    def test_names_of_files_are_those_of_the_binary(self) -> None:
        source = (ROOT / "src/config.rs").read_text()
        for name in ("TEMPLATE_PARTS", "COPY_PARTS", "COPY_ENDS", "MERGE_ENDS"):
            self.assertEqual(getattr(_files, name), constant(source, name), name)
        ends = [end for end in constant(source, "FOREIGN_ENDS") if " " not in end]
        self.assertEqual(sorted(_files.FOREIGN_ENDS), sorted(ends))

    def test_forms_of_other_tools_are_those_of_the_binary(self) -> None:
        source = (ROOT / "src/dotenv/value.rs").read_text()
        forms = re.search(r"const FORMS: .*?\];\n", source, re.DOTALL)[0]
        known = re.findall(r'form\(\s*"([^"]*)",\s*(?:"[^"]*"|[A-Z]+),\s*b"([^"]*)",\s*b"([^"]*)",\s*(true|false),?\s*\)', forms)
        self.assertEqual([tool for tool, *_ in known], [tool for tool, _ in _dialect._FOREIGN])
        for tool, begins, ends, is_base64 in known:
            for inner in ("a" * 16, "a" * 15, "a b", ""):
                is_value = bool(inner) and (is_base64 == "false" or inner == "a" * 16)
                found = _dialect.foreign_tool(f" {begins}{inner}{ends}\n".encode())
                self.assertEqual(found, tool if is_value else None, f"{begins}{inner}{ends}")


class Distribution(unittest.TestCase):
    def test_it_needs_nothing_but_cryptography(self) -> None:
        for path in SOURCES.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                known = {
                    "cryptography",
                    "__future__",
                    *getattr(sys, "stdlib_module_names", [name.split(".")[0] for name in names]),
                }
                self.assertEqual({name.split(".")[0] for name in names} - known, set(), path.name)

    def test_its_version_is_the_binary_s(self) -> None:
        manifests = [(path / name).read_text() for path, name in ((PACKAGE, "pyproject.toml"), (ROOT, "Cargo.toml"))]
        self.assertEqual(*(re.search(r'(?m)^version = "(.*)"$', text)[1] for text in manifests))

    def test_it_is_typed(self) -> None:
        self.assertTrue((SOURCES / "py.typed").exists())
        for path in SOURCES.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    arguments = [it for it in (*node.args.args, *node.args.kwonlyargs) if it.arg != "self"]
                    self.assertTrue(
                        node.returns and all(it.annotation for it in arguments), f"{path.name}: {node.name}"
                    )

    def test_no_file_names_another_project(self) -> None:
        # On the registries of Python and Rust that name belongs to others, and so does the Python module.
        installs = re.compile(
            r"\b(pipx?|pip3|uv|poetry|cargo|binstall) (pip )?(install|add|binstall) (-\S+ )*envseal\b(?!-)"
        )
        imports = re.compile(r"(?m)^\s*(import|from) envseal\b(?!_)")
        listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True)
        paths = [ROOT / path for path in listed.stdout.decode().split("\0") if path] or list(PACKAGE.rglob("*.*"))
        for path in paths:
            if path.is_file() and path.name != "test_package.py":
                text = path.read_text(errors="replace")
                patterns = [installs, imports] if path.suffix in (".py", ".md", ".pyi") else [installs]
                self.assertFalse([found[0] for pattern in patterns for found in pattern.finditer(text)], path)

    def test_the_readme_is_short(self) -> None:
        text = (PACKAGE / "README.md").read_text()
        self.assertLess(text.count("\n"), 100)
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            self.assertTrue("://" in target or (PACKAGE / target).exists(), target)
