// Names by which programs run code: docs/format.md, "Reserved names".

import { NAMES_THAT_RUN_CODE } from './reserved-names.js';

// The beginnings of names that are settings in any letter case, with `-` or `.` for `_`.
const SETTINGS = ['npm_config_', 'pnpm_config_', 'yarn_'];
const IGNORES_CASE = process.platform === 'win32';

const settingOf = (name) => SETTINGS.find((start) => name.toLowerCase().startsWith(start));

/** Returns the same text for all spellings of a name. */
function folded(name) {
  if (settingOf(name)) return name.toLowerCase().replace(/[-.]/g, '_');
  return IGNORES_CASE ? name.toLowerCase() : name;
}

const WHOLE = new Map();
const PATTERNS = [];
for (const [names, why] of NAMES_THAT_RUN_CODE) {
  for (const name of names.split(' ')) {
    const [start, end] = folded(name).split('*');
    if (end === undefined) WHOLE.set(start, why);
    else PATTERNS.push({ start, end, why });
  }
}

/** Returns what programs do with the value of a reserved name; undefined if the name is not reserved. */
export function whyReserved(name) {
  // pnpm's settings are npm's.
  const text = folded(settingOf(name) === 'pnpm_config_' ? name.slice(1) : name);
  const fits = ({ start, end }) =>
    text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
  return WHOLE.get(text) ?? PATTERNS.find(fits)?.why;
}
