// Publishes the crates of a release with cargo, which orders them by their dependencies and waits until the registry has each.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { withEnding } from './release-files.mjs';
import { run } from './run.mjs';

/** What cargo says of a crate or version that the registry does not have. */
const ABSENT = /no matching package named|failed to select a version/;

/**
 * @typedef {object} Options
 * @property {boolean} dryRun only say what would be published
 * @property {string} [registry] a name in cargo's configuration; crates.io without
 */

/**
 * @typedef {{ name: string, version: string, sha256: string }} Crate
 */

/**
 * Publishes the crates that the registry does not have yet.
 * @param {import('./release-files.mjs').ReleaseFile[]} files
 * @param {Options} options
 */
export async function publishCrates(files, { dryRun, registry }) {
  const crates = withEnding(files, '.crate').map(crateOf);
  const published = await alreadyPublished(crates, registry);
  for (const { name, version } of crates)
    console.log(`${name} ${version}: ${published.has(name) ? 'published already' : 'to publish'}`);
  if (dryRun || published.size === crates.length) return;

  const words = ['publish', '--workspace', '--locked', '--no-verify'];
  if (registry) words.push('--registry', registry);
  words.push(...[...published].flatMap((name) => ['--exclude', name]));
  await run('cargo', words);

  // cargo packs the crates once more: the registry has to have the bytes that were checked and signed.
  const now = await alreadyPublished(crates, registry);
  const missing = crates.find(({ name }) => !now.has(name));
  if (missing) throw new Error(`the registry does not have ${missing.name} ${missing.version} yet: run this again`);
}

/**
 * @param {import('./release-files.mjs').ReleaseFile} file
 * @returns {Crate}
 */
function crateOf({ name: file, sha256 }) {
  const [, name, version] = /^([\w-]+?)-(\d+\.\d+\.\d+.*)\.crate$/.exec(file) ?? [];
  if (!version) throw new Error(`${file} is not named like a packed crate`);
  return { name, version, sha256 };
}

/**
 * The names of the crates that the registry has in this version. Fails if one has other bytes there.
 * @param {Crate[]} crates
 * @param {string} [registry]
 */
async function alreadyPublished(crates, registry) {
  const names = new Set();
  for (const { name, version, sha256 } of crates) {
    const found = await publishedSum(name, version, registry);
    if (found && found !== sha256)
      throw new Error(
        `the registry has another ${name} ${version}, with the SHA-256 ${found}: a version cannot be replaced, release the next one`,
      );
    if (found) names.add(name);
  }
  return names;
}

/**
 * The SHA-256 of a version in the registry: what cargo writes into the lock file of a package that requires it.
 * @param {string} name
 * @param {string} version
 * @param {string} [registry]
 */
async function publishedSum(name, version, registry) {
  const folder = mkdtempSync(join(tmpdir(), 'published-'));
  try {
    const requirement = { version: `=${version}`, ...(registry && { registry }) };
    const fields = Object.entries(requirement).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
    const manifest = ['[package]', 'name = "requires"', 'version = "0.0.0"', 'edition = "2021"', '[workspace]'];
    manifest.push('[dependencies]', `${name} = { ${fields.join(', ')} }`, '');
    writeFileSync(join(folder, 'Cargo.toml'), manifest.join('\n'));
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src/lib.rs'), '');
    await promisify(execFile)('cargo', ['generate-lockfile', '--manifest-path', join(folder, 'Cargo.toml')]);
    const packages = readFileSync(join(folder, 'Cargo.lock'), 'utf8').split('[[package]]');
    const found = packages.find((text) => text.includes(`\nname = "${name}"\nversion = "${version}"\n`));
    const [, sum] = /\nchecksum = "([0-9a-f]{64})"/.exec(found ?? '') ?? [];
    if (!sum) throw new Error(`cargo does not say which bytes of ${name} ${version} the registry has`);
    return sum;
  } catch (error) {
    const { stderr } = error;
    if (stderr === undefined) throw error;
    if (ABSENT.test(stderr)) return undefined;
    throw new Error(`cargo cannot ask the registry for ${name} ${version}: ${stderr}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
