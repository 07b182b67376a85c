// What publishes a release (xtask/publish.mjs), with cargo and npm and with registries on loopback.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { crateRegistry, npmRegistry } from './registries.mjs';

const script = fileURLToPath(new URL('../../xtask/publish.mjs', import.meta.url));

/**
 * An empty folder for as long as the test runs.
 * @param {import('node:test').TestContext} t
 */
function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), 'publish-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * @param {string} folder
 * @param {Record<string, string>} files by their names
 */
function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/**
 * Writes SHA256SUMS of everything in the folder.
 * @param {string} folder
 */
function writeSums(folder) {
  const sum = (/** @type {string} */ name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  const lines = readdirSync(folder).map((name) => `${sum(name)}  ${name}\n`);
  writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''));
}

/**
 * Runs the script.
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @param {...string} words
 */
async function publish(cwd, env, ...words) {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...words], { cwd, env });
    return { stdout, stderr: '' };
  } catch ({ stdout, stderr, code }) {
    assert.equal(code, 1, stderr);
    return { stdout, stderr };
  }
}

/** The lines that say what the registry has. */
const states = (/** @type {{ stdout: string }} */ { stdout }) =>
  stdout.split('\n').filter((line) => / \d.*: .*publish/.test(line));

describe('crates', () => {
  /**
   * A workspace of two crates, of which `cart-api` depends on `cart-ids`, a private one, and its packed crates.
   * @param {import('node:test').TestContext} t
   * @param {string} registry
   */
  function workspace(t, registry) {
    const folder = scratch(t);
    const manifest = (/** @type {string} */ name, /** @type {string[]} */ ...more) =>
      [
        '[package]',
        `name = "${name}"`,
        'version = "1.2.3"',
        'edition = "2021"',
        'license = "Apache-2.0"',
        'description = "A crate."',
        ...more,
        '',
      ].join('\n');
    write(join(folder, 'workspace'), {
      'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["cart-api", "cart-ids", "private"]\n',
      'cart-api/Cargo.toml': manifest(
        'cart-api',
        '[dependencies]',
        'cart-ids = { path = "../cart-ids", version = "1.2.3", registry = "loopback" }',
      ),
      'cart-api/src/lib.rs': '//! An API.\n',
      'cart-ids/Cargo.toml': manifest('cart-ids'),
      'cart-ids/src/lib.rs': '//! Ids.\n',
      'cart-ids/build.rs': `fn main() { std::fs::write(${JSON.stringify(join(folder, 'compiled'))}, "").unwrap() }\n`,
      'private/Cargo.toml': manifest('private', 'publish = false'),
      'private/src/lib.rs': '',
    });
    const env = {
      ...process.env,
      CARGO_HOME: join(folder, 'cargo'),
      CARGO_TARGET_DIR: join(folder, 'target'),
      CARGO_REGISTRIES_LOOPBACK_INDEX: `sparse+${registry}/index/`,
      CARGO_REGISTRIES_LOOPBACK_TOKEN: 'a-token',
    };
    const cwd = join(folder, 'workspace');
    return { folder, cwd, env, compiled: join(folder, 'compiled'), release: join(folder, 'release') };
  }

  /**
   * Packs the public crates into the folder of the release. Asynchronously, because cargo asks the registry of this process.
   * @param {ReturnType<typeof workspace>} place
   */
  async function pack({ folder, cwd, env, release }) {
    await promisify(execFile)('cargo', ['generate-lockfile'], { cwd, env });
    const words = ['package', '--no-verify', '-p', 'cart-ids', '-p', 'cart-api', '--registry', 'loopback'];
    await promisify(execFile)('cargo', words, { cwd, env });
    mkdirSync(release);
    for (const name of ['cart-api', 'cart-ids'])
      cpSync(join(folder, `target/package/${name}-1.2.3.crate`), join(release, `${name}-1.2.3.crate`));
    writeSums(release);
  }

  const words = (/** @type {string} */ release, /** @type {string[]} */ ...more) => [
    'crates',
    release,
    '--registry',
    'loopback',
    ...more,
  ];

  test('are published after those that they depend on, without running their code', async (t) => {
    const { address, uploads } = await crateRegistry(t);
    const place = workspace(t, address);
    await pack(place);
    const { stderr } = await publish(place.cwd, place.env, ...words(place.release));
    assert.equal(stderr, '');
    assert.deepEqual(uploads, ['cart-ids', 'cart-api']);
    assert.ok(!existsSync(place.compiled));
  });

  test('are only listed by a dry run', async (t) => {
    const { address, uploads } = await crateRegistry(t);
    const place = workspace(t, address);
    await pack(place);
    const result = await publish(place.cwd, place.env, ...words(place.release, '--dry-run'));
    assert.deepEqual(states(result), ['cart-api 1.2.3: to publish', 'cart-ids 1.2.3: to publish']);
    assert.deepEqual(uploads, []);
  });

  test('are left out when the registry has them, so that an interrupted run can be repeated', async (t) => {
    let refuses = true;
    const { address, uploads } = await crateRegistry(t, { refuses: (name) => refuses && name === 'cart-api' });
    const place = workspace(t, address);
    await pack(place);
    const interrupted = await publish(place.cwd, place.env, ...words(place.release));
    assert.match(interrupted.stderr, /cart-api is refused[\s\S]*run this again/);
    assert.deepEqual(uploads, ['cart-ids']);

    refuses = false;
    const repeated = await publish(place.cwd, place.env, ...words(place.release));
    assert.equal(repeated.stderr, '');
    assert.deepEqual(states(repeated), ['cart-api 1.2.3: to publish', 'cart-ids 1.2.3: published already']);
    assert.deepEqual(uploads, ['cart-ids', 'cart-api']);

    const finished = await publish(place.cwd, place.env, ...words(place.release));
    assert.deepEqual(states(finished), ['cart-api 1.2.3: published already', 'cart-ids 1.2.3: published already']);
    assert.deepEqual(uploads, ['cart-ids', 'cart-api']);
  });

  test('with other bytes in the registry stop the release', async (t) => {
    const { address } = await crateRegistry(t);
    const place = workspace(t, address);
    await pack(place);
    await publish(place.cwd, place.env, ...words(place.release));
    writeFileSync(join(place.release, 'cart-ids-1.2.3.crate'), 'other bytes');
    rmSync(join(place.release, 'SHA256SUMS'));
    writeSums(place.release);
    const { stderr } = await publish(place.cwd, place.env, ...words(place.release));
    assert.match(stderr, /the registry has another cart-ids 1\.2\.3/);
  });

  test('are not taken for unpublished when the registry does not respond', async (t) => {
    const { address } = await crateRegistry(t);
    const place = workspace(t, address);
    await pack(place);
    // Nothing listens on the discard port of loopback.
    const env = {
      ...place.env,
      CARGO_REGISTRIES_LOOPBACK_INDEX: 'sparse+http://127.0.0.1:9/index/',
      CARGO_NET_RETRY: '0',
    };
    const { stderr } = await publish(place.cwd, env, ...words(place.release, '--dry-run'));
    assert.match(stderr, /cargo cannot ask the registry for cart-api 1\.2\.3/);
  });
});

describe('npm packages', () => {
  /**
   * A release with a package of each version.
   * @param {import('node:test').TestContext} t
   * @param {string} registry
   * @param {...string} versions
   */
  function release(t, registry, ...versions) {
    const folder = scratch(t);
    const files = join(folder, 'files');
    mkdirSync(files);
    for (const version of versions) {
      write(join(folder, version), { 'package.json': JSON.stringify({ name: 'cart', version, files: [] }) });
      execFileSync('npm', ['pack', '--silent', '--pack-destination', files], { cwd: join(folder, version) });
    }
    writeSums(files);
    const settings = join(folder, 'npmrc');
    writeFileSync(settings, `${registry.replace('http:', '')}/:_authToken=a-token\n`);
    return {
      folder,
      files,
      env: { ...process.env, NPM_CONFIG_USERCONFIG: settings, NPM_CONFIG_CACHE: join(folder, 'cache') },
    };
  }

  test('are published as they were packed, and a version with a suffix under the tag next', async (t) => {
    const { address, packages } = await npmRegistry(t);
    const { folder, files, env } = release(t, address, '1.2.3', '1.3.0-rc.1');
    const { stderr } = await publish(folder, env, 'npm', files, '--registry', address);
    assert.equal(stderr, '');
    const { versions, 'dist-tags': tags } = packages.get('cart');
    assert.deepEqual(tags, { latest: '1.2.3', next: '1.3.0-rc.1' });
    const bytes = readFileSync(join(files, 'cart-1.2.3.tgz'));
    assert.equal(versions['1.2.3'].dist.integrity, `sha512-${createHash('sha512').update(bytes).digest('base64')}`);
  });

  test('are left out when the registry has them, and only listed by a dry run', async (t) => {
    const { address, packages } = await npmRegistry(t);
    const first = release(t, address, '1.2.3');
    await publish(first.folder, first.env, 'npm', first.files, '--registry', address);
    const { folder, files, env } = release(t, address, '1.2.3', '1.2.4');
    const listed = await publish(folder, env, 'npm', files, '--registry', address, '--dry-run');
    assert.deepEqual(states(listed), ['cart 1.2.3: published already', 'cart 1.2.4: to publish']);
    assert.deepEqual(Object.keys(packages.get('cart').versions), ['1.2.3']);
    const { stderr } = await publish(folder, env, 'npm', files, '--registry', address);
    assert.equal(stderr, '');
    assert.deepEqual(Object.keys(packages.get('cart').versions), ['1.2.3', '1.2.4']);
  });

  test('with other bytes in the registry stop the release', async (t) => {
    const { address, packages } = await npmRegistry(t);
    const { folder, files, env } = release(t, address, '1.2.3');
    await publish(folder, env, 'npm', files, '--registry', address);
    packages.get('cart').versions['1.2.3'].dist.integrity = 'sha512-AAAA';
    const { stderr } = await publish(folder, env, 'npm', files, '--registry', address);
    assert.match(stderr, /the registry has another cart 1\.2\.3/);
  });
});

describe('the files of a release', () => {
  /**
   * @param {import('node:test').TestContext} t
   * @param {(folder: string) => void} change
   */
  async function complaint(t, change) {
    const folder = scratch(t);
    write(folder, { 'a-1.2.3.crate': 'a', 'b-1.2.3.tgz': 'b' });
    writeSums(folder);
    change(folder);
    const { stderr } = await publish(folder, process.env, 'npm', folder, '--dry-run');
    return stderr;
  }

  test('are those that their sums name', async (t) => {
    const changed = (/** @type {string} */ folder) => writeFileSync(join(folder, 'a-1.2.3.crate'), 'changed');
    assert.match(await complaint(t, changed), /^publish: a-1\.2\.3\.crate is not the file that SHA256SUMS names/);
    const added = (/** @type {string} */ folder) => writeFileSync(join(folder, 'c-1.2.3.tgz'), 'c');
    assert.match(await complaint(t, added), /^publish: SHA256SUMS does not name c-1\.2\.3\.tgz/);
    const removed = (/** @type {string} */ folder) => rmSync(join(folder, 'a-1.2.3.crate'));
    assert.match(await complaint(t, removed), /^publish: .*a-1\.2\.3\.crate/);
    const outside = (/** @type {string} */ folder) =>
      writeFileSync(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  ../b\n`);
    assert.match(await complaint(t, outside), /^publish: SHA256SUMS has an invalid line/);
  });

  test('have to be written first', async (t) => {
    const empty = (/** @type {string} */ folder) => rmSync(join(folder, 'SHA256SUMS'));
    assert.match(await complaint(t, empty), /^publish: .* has no SHA256SUMS; .* writes it/);
  });

  test('and what is published have to be named', async (t) => {
    const { stderr } = await publish(scratch(t), process.env, 'pypi', '.');
    assert.match(stderr, /^publish: usage: /);
  });
});
