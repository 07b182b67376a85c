// `authress-contract` against the sandbox in both of its dialects: what it reports, and what it never writes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';

import { Authress } from '../e2e/support/authress.mjs';
import { startStack, workspace } from '../e2e/support/stack.mjs';
import { until } from '../e2e/support/until.mjs';

/** @import { Dialect, Stack } from '../e2e/support/stack.mjs' */

/** @typedef {{ code: number | null, output: string, markdown: string, json: any, raw: string }} Result */

const program = `${workspace}target/debug/authress-contract`;
const LIMIT_MS = 300_000;

/** The assumptions that the two dialects answer differently, each with the switch that does it. */
const DIFFERENT = {
  'start.redirect-url': 'invalidInput',
  'start.audience': 'checksAudiences',
  'start.tenant': 'unknownTenant',
  'errors.invalid-start': 'invalidInput',
  'errors.invalid-device': 'invalidInput',
  'verifier.query': 'clientIdForVerifiers',
  'verifier.client-id': 'clientIdForVerifiers',
  'verifier.statement-once': 'spendsStatements',
  'login.bound-to-browser': 'bindsLogins',
  'verifier.user-id-129': 'checksUserIds',
  'verifier.user-id-letters': 'checksUserIds',
  'verifier.error-response': 'callbackErrors',
  'callback.session-token': 'sessionTokenOnLocalhost',
  'callback.background': 'refusesBackgroundLogins',
  'cookies.names': 'sessionLifetimeSeconds',
  'cookies.session': 'sessionLifetimeSeconds',
  'cookies.session-lifetime': 'sessionLifetimeSeconds',
  'identity.form': 'identityCookie',
  'identity.connection': 'identityCookie',
  'token.audience': 'accessTokenAudience',
  'renewal.tokens': 'renewal',
  'renewal.cookies': 'sessionLifetimeSeconds',
  'renewal.none': 'noSession',
  'session.end': 'noSession',
  'link.service-client': 'linksServiceClients',
  'link.owned': 'refusedLink',
  'link.cancelled': 'callbackErrors',
};

/** A folder with a configuration for the sandbox, and a Node.js that records what the browser's script says. */
class Account {
  folder = mkdtempSync(`${tmpdir()}/authress-contract-test-`);
  #stack;

  /** @param {Stack} stack */
  constructor(stack) {
    this.#stack = stack;
    writeFileSync(
      `${this.folder}/contract.toml`,
      `authress_api_url = "${stack.sandboxUrl}"
      application_id = "${stack.applicationId}"
      page_url = "${stack.shopUrl}/"
      localhost_url = "${stack.localhostPage}/"
      [service_client]
      authorization_url = "${stack.verifierUrl}/v1/login"
      access_key_file = "${stack.logs}/access-key"
      [connection]
      id = "${stack.connections[0].connectionId}"
      [person]
      script = "${workspace}tests/contract/sandbox-person.mjs"
      [browser]
      args = ${JSON.stringify(stack.browserArgs)}`,
    );
    writeFileSync(`${this.folder}/node`, `#!/bin/sh\n'${process.execPath}' "$@" | tee '${this.folder}/raw'\n`);
    chmodSync(`${this.folder}/node`, 0o700);
  }

  get accessKey() {
    return readFileSync(`${this.#stack.logs}/access-key`, 'utf8').trim();
  }

  /** @param {string} name */
  #read(name) {
    try {
      return readFileSync(`${this.folder}/${name}`, 'utf8');
    } catch {
      return '';
    }
  }

  /** How many assumptions are confirmed so far. */
  get confirmed() {
    return Number(/(\d+) confirmed/.exec(this.#read('contract-report.md'))?.[1] ?? 0);
  }

  /**
   * Runs the program.
   * @param {string[]} options
   * @param {(child: import('node:child_process').ChildProcess) => Promise<unknown>} [meanwhile]
   * @returns {Promise<Result>}
   */
  async run(options, meanwhile) {
    const all = ['--config', `${this.folder}/contract.toml`, '--out', this.folder, '--node', `${this.folder}/node`];
    const child = spawn(program, [...all, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output += text;
      });
    }
    /** @type {Promise<number | null>} */
    const ended = new Promise((resolve) => {
      child.once('close', resolve);
    });
    await meanwhile?.(child);
    const code = await ended;
    const json = this.#read('contract-report.json');
    return {
      code,
      output,
      markdown: this.#read('contract-report.md'),
      json: json && JSON.parse(json),
      raw: this.#read('raw'),
    };
  }

  remove() {
    rmSync(this.folder, { recursive: true });
  }
}

/**
 * Every text that occurs in a JSON value, also inside of JSON in texts, addresses, cookies and tokens.
 * @param {any} value
 * @returns {string[]}
 */
function textsIn(value) {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  if (typeof value !== 'string') return [];
  const parts = value.split(/[;\n]\s*/).map((part) => part.slice(part.indexOf('=') + 1));
  const inner = [...parts, ...value.split('.').map((part) => Buffer.from(part, 'base64url').toString())].flatMap(
    (text) => {
      try {
        return textsIn(JSON.parse(text));
      } catch {
        return [];
      }
    },
  );
  const parameters = URL.canParse(value) ? [...new URL(value).searchParams.values()] : [];
  return [value, ...parts, ...parameters, ...inner];
}

/** Ids, tokens, codes and keys have digits or are long; sentences have spaces, and addresses of servers are no secrets. */
/** @param {string} text */
const isPrivate = (text) =>
  text.length >= 12 && /\d/.test(text) && !/\s/.test(text) && !/^https?:\/\/[\w.:-]+\/?$/.test(text);

/** @type {Map<Dialect, Result>} */
const results = new Map();

for (const dialect of /** @type {Dialect[]} */ (['default', 'strict'])) {
  describe(`the ${dialect} dialect`, () => {
    /** @type {Stack} */
    let stack;
    /** @type {Account} */
    let account;
    /** @type {Authress} */
    let authress;
    before(async () => {
      stack = await startStack('https', { dialect });
      account = new Account(stack);
      authress = new Authress(stack);
    });
    after(async () => {
      account.remove();
      await stack.stop();
    });

    test('nothing is sent without a terminal and without --yes', { timeout: LIMIT_MS }, async () => {
      await authress.clearLog();
      const { code, output } = await account.run([]);
      assert.equal(code, 2);
      assert.match(output, /creates about 20 anonymous users[\s\S]*--yes/);
      assert.deepEqual(await authress.requests(), []);
    });

    test('its report is the example in docs', { timeout: LIMIT_MS }, async () => {
      const result = await account.run(['--yes']);
      results.set(dialect, result);
      assert.equal(result.code, 0, result.output);
      assert.equal(result.json.complete, true);
      const file = `${workspace}docs/contract/${dialect}.md`;
      const notice = `<!-- Written by tests/contract/contract.test.mjs with WRITE_DOCS=1: the sandbox, ${dialect} dialect. -->\n`;
      if (process.env.WRITE_DOCS) writeFileSync(file, notice + result.markdown);
      assert.equal(notice + result.markdown, readFileSync(file, 'utf8'));
    });

    test('no token, key, cookie or id is written', () => {
      const { raw, markdown, json, output } = results.get(dialect) ?? assert.fail('there is no report');
      const observed = raw
        .split('\n')
        .filter(Boolean)
        .flatMap((line) => textsIn(JSON.parse(line)));
      const secrets = new Set([...observed, ...account.accessKey.split('.'), account.accessKey].filter(isPrivate));
      // Tokens, cookies and ids were there to be written.
      assert.ok(secrets.size > 200, `${secrets.size} secrets`);
      assert.ok(
        [...secrets].some((text) => text.startsWith('eyJ')) &&
          [...secrets].some((text) => text.startsWith('contract_test')),
      );
      const written = [markdown, JSON.stringify(json), output];
      const found = [...secrets].filter((secret) => written.some((text) => text.includes(secret)));
      assert.deepEqual(found, []);
      for (const text of written) assert.doesNotMatch(text, /eyJ|contract_test_\w/);
    });

    if (dialect !== 'default') return;

    test('a run that is stopped cleans up and has a report', { timeout: LIMIT_MS }, async () => {
      await authress.clearLog();
      await authress.fail('DELETE', '/v1/users/', { status: 202, times: 100 });
      writeFileSync(`${account.folder}/contract-report.md`, '');
      const { code, markdown, json } = await account.run(['--yes'], async (child) => {
        await until(() => account.confirmed > 5, true);
        child.kill('SIGTERM');
      });
      assert.equal(code, 1);
      assert.match(markdown, /The run stopped before its end\./);
      assert.equal(json.complete, false);
      assert.deepEqual(json.remarks, [], 'every user is deleted');
      const verdict = json.assumptions.find((/** @type {{ id: string }} */ { id }) => id === 'cleanup.users').verdict;
      assert.equal(verdict, 'confirmed');
      assert.ok((await authress.requests()).some((request) => request.startsWith('DELETE /v1/users/')));
    });
  });
}

test('the reports differ exactly where the dialects do', () => {
  /** @type {(dialect: Dialect) => Map<string, string>} */
  const findings = (dialect) =>
    new Map(
      results
        .get(dialect)
        ?.json.assumptions.map((/** @type {any} */ { id, verdict, detail }) => [id, `${verdict}: ${detail}`]),
    );
  const [usual, strict] = [findings('default'), findings('strict')];
  const different = [...usual.keys()].filter((id) => usual.get(id) !== strict.get(id));
  assert.deepEqual(different, Object.keys(DIFFERENT));
});
