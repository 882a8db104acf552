// Sets the process's variables when it is imported: import 'envseal/config', or node --import envseal/config.

import { load } from './index.js';
import { LOADED } from './src/files.js';

// A process or worker that was started after `load` has inherited the values, and no key.
if (process.env[LOADED] !== process.cwd()) load();
