// Finds the binary in the package of this platform, which npm installed as an optional dependency.

const { optionalDependencies } = require('../package.json');

const platform = `${process.platform}-${process.arch}`;

/** Returns its path, or throws an error with a `hint`. */
exports.findBinary = () => {
  const name = Object.keys(optionalDependencies).find((name) => name.endsWith(`-${platform}`));
  if (!name) {
    throw Object.assign(new Error(`envseal has no binary for ${platform}`), { hint: 'build it from source with cargo' });
  }
  try {
    return require.resolve(`${name}/bin/envseal${process.platform === 'win32' ? '.exe' : ''}`);
  } catch {
    throw Object.assign(new Error(`the package ${name} is not installed`), {
      hint: 'npm install --include=optional envseal; node_modules of another system must be installed again here',
    });
  }
};
