// After the installation: replaces the launcher by a hard link to the binary, so that no Node starts before it. If that
// fails, or install scripts are not allowed, the launcher stays, and works.

const { linkSync, renameSync, rmSync } = require('node:fs');
const { join } = require('node:path');

const launcher = join(__dirname, 'envseal');
const scratch = join(__dirname, `envseal-${process.pid}`);

// On Windows npm starts what the launcher's first line names; other package managers may have read that line, too.
const isNpm = /^npm\//.test(process.env.npm_config_user_agent ?? '');
// The repository has no packages of platforms.
if (process.platform !== 'win32' && isNpm) {
  try {
    linkSync(require('./binary.js').findBinary(), scratch);
    renameSync(scratch, launcher);
  } catch {
    // Another file system, or a platform without a binary: the launcher says so when it is started.
  }
  // Renaming a file to another name of itself leaves both (rename(2)).
  rmSync(scratch, { force: true });
}
