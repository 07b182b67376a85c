// Publishes the npm packages of a release: the packed files as they are.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { withEnding } from './release-files.mjs';
import { run } from './run.mjs';

/**
 * Publishes the packages that the registry does not have yet. They do not depend on each other.
 * @param {import('./release-files.mjs').ReleaseFile[]} files
 * @param {import('./crates.mjs').Options} options whose `registry` is an address here; that of npm's configuration without
 */
export async function publishNpmPackages(files, { dryRun, registry }) {
  const place = registry ? ['--registry', registry] : [];
  for (const { path } of withEnding(files, '.tgz')) {
    const { name, version } = await manifestOf(path);
    const found = await publishedIntegrity(`${name}@${version}`, place);
    const own = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
    if (found && found !== own)
      throw new Error(
        `the registry has another ${name} ${version}, with ${found}: a version cannot be replaced, release the next one`,
      );
    console.log(`${name} ${version}: ${found ? 'published already' : 'to publish'}`);
    if (found || dryRun) continue;
    // npm gives a version without a tag to everyone who installs the package.
    const tag = version.includes('-') ? ['--tag', 'next'] : [];
    // An address that begins with a folder: otherwise npm looks for a repository of this name.
    await run('npm', ['publish', path.startsWith('/') ? path : `./${path}`, '--access', 'public', ...tag, ...place]);
  }
}

/**
 * @param {string} file
 * @returns {Promise<{ name: string, version: string }>}
 */
async function manifestOf(file) {
  const { stdout } = await promisify(execFile)('tar', ['-xOzf', file, 'package/package.json']);
  return JSON.parse(stdout);
}

/**
 * The hash of a package's version in the registry, as npm writes it into lock files.
 * @param {string} version for instance `name@1.2.3`
 * @param {string[]} place
 * @returns {Promise<string | undefined>}
 */
async function publishedIntegrity(version, place) {
  try {
    const words = ['view', version, 'dist.integrity', '--json', '--prefer-online', ...place];
    const { stdout } = await promisify(execFile)('npm', words);
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  } catch (error) {
    const { stderr } = error;
    if (stderr === undefined) throw error;
    if (/\bE404\b/.test(stderr)) return undefined;
    throw new Error(`npm cannot ask the registry for ${version}: ${stderr}`, { cause: error });
  }
}
