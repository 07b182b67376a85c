// The checks find what is wrong: one broken block for each language, and a right one beside it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { reasonToSkip } from './checks/tool.mjs';
import { CHECKS, PROGRAMS, faultsOf } from './languages.mjs';
import { blocksIn } from './pages.mjs';

/**
 * What is wrong with the only block of a page.
 * @param {string} text
 * @param {string} [page]
 */
async function faultsIn(text, page = 'docs/page.md') {
  const [block, ...others] = blocksIn(text, page);
  assert.equal(others.length, 0);
  return (await faultsOf(block)).join('\n');
}

/** For a block that only the language's program of the system finds wrong, or right. */
const BY_PROGRAM = 'by the program';

/**
 * Blocks of a language: what stands in it, and what is said about it, or nothing.
 * @type {Record<string, [string, RegExp | '', (typeof BY_PROGRAM)?][]>}
 */
const BLOCKS = {
  console: [
    ['$ cargo build -p authress-verifier\n   Compiling', ''],
    ['$ cargo build -p authress-verifer', /line 2: the workspace has no package "authress-verifer"/],
    ['Compiling', /no line is a command/],
  ],
  css: [
    ['a { color: red; }', ''],
    ['a { color: red; ', /line 3: Expected "}"/],
  ],
  html: [
    ['<p>Hello <b>you</b>\n<img src="a.png" alt="">', ''],
    ['<div>\n<p>Hello</p>', /line 2: <div> is not closed/],
    ['<p class="a" class="b">Hello</p>', /line 2: duplicate attribute/],
    ['<script>\nconst login = new AuthressLogin.LoginCleint();\n</script>', /line 3: .*LoginCleint/],
    ['<script type="importmap">{ "imports": }</script>', /line 2: .*JSON/],
  ],
  http: [
    ['HTTP/1.1 302 Found\nlocation: https://login.example.com/', ''],
    ['POST /v1/login HTTP/1.1\ncontent-type: application/json\n\n{ "a": 1 }', ''],
    ['GET /v1/login', /first line/],
    ['HTTP/1.1 200 OK\ncontent type: text/html', /line 3 is no header field/],
    ['HTTP/1.1 200 OK\ncontent-type: application/json\n\n{ a: 1 }', /body is no JSON/],
  ],
  ini: [
    ['[Service]\nType=oneshot\nExecStart=/bin/true', '', BY_PROGRAM],
    ['[Service]\nType=once\nExecStart=/bin/true', /line 3: .*once/, BY_PROGRAM],
    ['[section]\nneither', /line 3: neither/],
    ["[Service]\nExecStart=/bin/sh -c 'authress-verifier --chek'", /line 3: authress-verifier has no option --chek/],
  ],
  js: [
    [
      "import { LoginClient } from 'authress-login-wasm';\nnew LoginClient({ authressApiUrl: 'https://login.example.com' }).signOut();",
      '',
    ],
    ['login.authenticate({ connectionId: 1 });\nlogin.signUp();', /line 2: [\s\S]*line 3: .*signUp/],
    ["import { thing } from 'a-framework';\nthing();", /line 2: Cannot find module .*tests\/types\/examples/],
  ],
  json: [
    ['{ "a": 1 }', ''],
    ['{ "a": 1, }', /JSON/],
    ['{ "a": 1 }\n{ "a": 2 }', /one block for each, or `jsonl`/],
  ],
  jsonl: [
    ['{ "a": 1 }\n{ "a": 2 }', ''],
    ['{ "a": 1 }\n{ a: 2 }', /line 3 is no JSON document/],
  ],
  jsx: [
    ['export const Name = () => <b>{login.getSnapshot().status}</b>;', ''],
    ['export const Name = () => <b>{login.getSnapshot().state}</b>;', /line 2: .*'state'/],
  ],
  mermaid: [
    ['flowchart LR\n  browser["the browser"] --> verifier{valid?}', ''],
    ['sequenceDiagram\n  browser->>verifier: GET /v1/login', ''],
    ['flowchart LR\n  browser --> ', /[Pp]arse error/],
    ['flwchart LR\n  a --> b', /diagram type/],
  ],
  nginx: [
    ['location = /v1/login {\n  proxy_pass http://127.0.0.1:9000;\n}', '', BY_PROGRAM],
    [
      'upstream verifier { server 127.0.0.1:9000; }\nserver {\n  listen 443 ssl;\n  location / { return 404; }\n}',
      '',
      BY_PROGRAM,
    ],
    ['location = /v1/login {\n  proxy_pas http://verifier;\n}', /line 3: unknown directive "proxy_pas"/, BY_PROGRAM],
  ],
  rust: [['fn f() {}', /no crate includes docs\/page\.md/]],
  sh: [
    ['AUTHRESS_API_URL=https://login.example.com \\\ntarget/server/authress-verifier --config verifier.toml &', ''],
    ['cargo build --profile server -p authress-verifier --features aws-lc', ''],
    ['cargo test -p authress-verifier --test policies', ''],
    ['node --test tests/e2e/link.test.mjs tests/package/', ''],
    ['authress-verifier --confg verifier.toml', /line 2: authress-verifier has no option --confg/],
    ['echo\nauthress-verifier helthcheck', /line 3: authress-verifier has no command "helthcheck"/],
    ['RATE_LIMIT_CLIENT_BURTS=1 authress-verifier', /reads no variable RATE_LIMIT_CLIENT_BURTS/],
    ['export AUTHRESS_API_ADDRESS=https://login.example.com', ''],
    ['authress-verifer', /no program "authress-verifer"/],
    ['cargo build --profil server', /cargo build has no option --profil/],
    ['cargo build --profile servers', /no profile "servers"/],
    ['cargo build -p authress-verifier --features aws', /has the feature "aws"/],
    ['cargo test -p authress-verifier --test polices', /has the test "polices"/],
    ['cargo biuld', /no command "biuld"/],
    ['node --test tests/e2e/lnk.test.mjs', /there is no tests\/e2e\/lnk\.test\.mjs/],
    ['npm install authress-login-wsm', /no npm package "authress-login-wsm"/],
    ['npm pack ./pkgs', /there is no \.\/pkgs/],
    ['npx authress-login-sandbox --redirect http://localhost', /has no option --redirect/],
    ['if true; then', /line 2/],
    ['cat $(ls)', /line 2: SC2046/, BY_PROGRAM],
  ],
  svelte: [
    ['<script>\n  let count = $state(0);\n</script>\n<button onclick={() => count++}>{count}</button>', ''],
    ['{#if true}\n<p>Hello</p>', /\S/],
    ['<script>\n  login.signUp();\n</script>', /line 3: .*signUp/],
  ],
  text: [
    ['browser ──▶ verifier', ''],
    ['npm install authress-login-wasm', /write `sh`/],
    ['{ "a": 1 }', /write `json`/],
  ],
  toml: [['a = 1', /name of the file is missing/]],
  ts: [
    ['const client: import("authress-login-wasm").LoginClient = login;\nclient.signOut();', ''],
    ['const client: number = login;\nconsole.log(client);', /line 2: .*number/],
  ],
  tsx: [['export const Name = () => <b>{login.signUp()}</b>;', /signUp/]],
  vue: [
    [
      '<script setup>\nconst props = defineProps({ id: String });\n</script>\n<template><b>{{ props.id }}</b></template>',
      '',
    ],
    ['<template><b>{{ id </b></template>', /\S/],
    ['<script setup>\nlogin.signUp();\n</script>\n<template><b>a</b></template>', /line 3: .*signUp/],
  ],
  yaml: [
    ['a: 1\nb: [1, 2]', ''],
    ['a: 1\nb: [1', /line 4: Flow sequence/],
    ['apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 80 }] }', ''],
    ['apiVersion: v1\nkind: Service\nspec: { port: 80 }', /Service: .*'"port"' does not exist/],
    ['apiVersion: v3\nkind: Service', /no API v3/],
  ],
};

for (const [language, blocks] of Object.entries(BLOCKS)) {
  describe(language, () => {
    for (const [code, expected, by] of blocks) {
      const skip = by && reasonToSkip(PROGRAMS[language]);
      test(`${code.split('\n')[0]}${expected === '' ? '' : ' is wrong'}`, { skip }, async () => {
        const found = await faultsIn(`\`\`\`${language}\n${code}\n\`\`\`\n`);
        if (expected === '') assert.equal(found, '');
        else assert.match(found, expected);
      });
    }
  });
}

test('every language has a broken block here', () => {
  assert.deepEqual(Object.keys(BLOCKS).sort(), Object.keys(CHECKS).sort());
});

test('a block needs a language that has a check, by its usual name', async () => {
  assert.match(await faultsIn('```\na\n```\n'), /has no language: write one after ```/);
  assert.match(await faultsIn('text\n\n    a\n'), /because of its indentation/);
  assert.match(await faultsIn('```cobol\na\n```\n'), /nothing checks "cobol": use one of .*languages\.mjs/);
  assert.match(await faultsIn('```bash\na\n```\n'), /write `sh` instead of `bash`/);
  assert.match(await faultsIn('```rust,ignore\na\n```\n', 'pkg/README.md'), /"ignore" would leave it uncompiled/);
});

test('a part of a file has the lines of the file in their order', async () => {
  const at = 'rust crates/verifier/src/decision/redirect.rs';
  assert.equal(await faultsIn(`\`\`\`${at}\npub(crate) fn parse(\n\npub(crate) fn response_url(\n\`\`\`\n`), '');
  const turned = await faultsIn(`\`\`\`${at}\npub(crate) fn response_url(\npub(crate) fn parse(\n\`\`\`\n`);
  assert.match(turned, /line 3 is not in crates/);
  assert.match(await faultsIn('```rust src/nothing.rs\na\n```\n'), /there is no src\/nothing\.rs/);
});

test('code for other libraries and parts of tests are parsed only', async () => {
  assert.equal(await faultsIn("```js\nimport { a } from 'nothing';\na.b();\n```\n", 'tests/README.md'), '');
  assert.match(await faultsIn('```js\nfunction (\n```\n', 'tests/README.md'), /line 2/);
});

test('a block that continues a file is compiled with what stands before it', async () => {
  const page = '```js\n// cart.js\nconst a = 1;\n```\n\n```js\n// cart.js, continued\nconsole.log(a.b);\n```\n';
  const [first, second] = blocksIn(page, 'docs/page.md');
  assert.deepEqual(await faultsOf(first), []);
  const [fault, ...others] = await faultsOf(second);
  assert.match(fault, /^line 8: .*'b' does not exist/);
  assert.deepEqual(others, []);
});

test('a block in a list has the line of the page', async () => {
  assert.match(await faultsIn('1. item\n\n   ```js\n   login.signUp();\n   ```\n'), /^line 4: /);
});
