"""Other readers' own test files, read as the binary reads them. ENVSEAL_CORPUS names their folder."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

from support import ROOT, Project

import envseal_dotenv

CORPUS = pathlib.Path(os.environ.get("ENVSEAL_CORPUS") or ROOT.parent / "shared/corpus").resolve()


class Corpus(Project):
    needs_binary = True

    def test_every_file(self) -> None:
        paths = sorted(CORPUS.glob("*.env"))
        if not paths:
            print("\nSKIPPED: no corpus; name its folder in ENVSEAL_CORPUS", flush=True)
            self.skipTest("no corpus")
        os.environ["HOME"] = "/nonexistent"
        for path in paths:
            with self.subTest(path.name):
                command = [self.binary, "get", "-f", str(path), "--format", "json"]
                done = subprocess.run(command, capture_output=True, env=os.environ.copy())
                if done.returncode:
                    error = self.refuses(path=str(path))
                    self.assertIn(error.message, done.stderr.decode())
                else:
                    self.assertEqual(envseal_dotenv.read(path), json.loads(done.stdout))
