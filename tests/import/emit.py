"""Writes YAML as PyYAML emits it, in all its styles, with what it holds: one JSON list a line, [text, {name: value}]."""

import json
import random
import sys

import yaml

PIECES = ["a", "word", " ", "  ", "\n", "\n\n", "\t", "#", ": ", ":", "- ", "-", "'", '"', "\\", "\\n", "{", "}", "[", "]", ",", "&", "*", "!",
          "|", ">", "%", "@", "`", "?", "=", "<<", "~", "null", "yes", "0755", "1_0", "1.10", "---", "...", "é", "🔑", "\u00a0", "$", "${A}"]
pick = random.Random(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    values = {f"V{at}": "".join(pick.choices(PIECES, k=pick.randint(0, 12))) for at in range(4)}
    text = yaml.dump(
        values,
        default_style=pick.choice([None, "'", '"', "|", ">"]),
        default_flow_style=pick.choice([False, False, True]),
        width=pick.choice([10, 80, 1000]),
        indent=pick.choice([2, 4, 7]),
        allow_unicode=pick.choice([True, False]),
        explicit_start=pick.choice([True, False]),
        explicit_end=pick.choice([True, False]),
        line_break=pick.choice(["\n", "\r\n"]),
        sort_keys=False,
    )
    # What PyYAML reads, for its emitter folds some values into others.
    print(json.dumps([text, yaml.load(text, yaml.BaseLoader)]))
