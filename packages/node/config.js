// Sets the process's variables when it is imported: import 'envseal/config', or node --import envseal/config.

import { load } from './index.js';

// `load` removes the private keys. A process forked here inherits the values, and this mark instead of the keys.
const MARK = 'ENVSEAL_LOADED';

if (process.env[MARK] !== process.cwd()) {
  load();
  process.env[MARK] = process.cwd();
}
