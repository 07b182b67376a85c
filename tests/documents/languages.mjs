// What is done with a code block, by its language. A language that is not here fails: see CONTRIBUTING.md, "Code blocks".

import { cssFaults, htmlFaults } from './checks/markup.mjs';
import { httpFaults, jsonFaults, jsonLinesFaults, yamlFaults } from './checks/data.mjs';
import { mermaidFaults } from './checks/mermaid.mjs';
import { nginxFaults } from './checks/nginx.mjs';
import { quoteFaults } from './checks/quote.mjs';
import { rustFaults, tomlFaults } from './checks/rust.mjs';
import { scriptFaults } from './checks/scripts.mjs';
import { consoleFaults, shellFaults } from './checks/shell.mjs';
import { svelteFaults, vueFaults } from './checks/components.mjs';
import { textFaults } from './checks/text.mjs';
import { unitFaults } from './checks/unit.mjs';

/** @import { Block } from './pages.mjs' */

/**
 * What is wrong with a block, in sentences; a line that they name is one of the page.
 * @typedef {(block: Block) => string[] | Promise<string[]>} Check
 */

/** @type {Record<string, Check>} */
export const CHECKS = {
  console: consoleFaults,
  css: cssFaults,
  html: htmlFaults,
  http: httpFaults,
  ini: unitFaults,
  js: scriptFaults,
  json: jsonFaults,
  jsonl: jsonLinesFaults,
  jsx: scriptFaults,
  mermaid: mermaidFaults,
  nginx: nginxFaults,
  rust: rustFaults,
  sh: shellFaults,
  svelte: svelteFaults,
  text: textFaults,
  toml: tomlFaults,
  ts: scriptFaults,
  tsx: scriptFaults,
  vue: vueFaults,
  yaml: yamlFaults,
};

/**
 * Programs of the system that check blocks of a language. Without one, the other checks of the language are made.
 * @type {Record<string, string>}
 */
export const PROGRAMS = { console: 'shellcheck', ini: 'systemd-analyze', nginx: 'nginx', sh: 'shellcheck' };

/**
 * Other names of the same languages, so that each has one.
 * @type {Record<string, string>}
 */
export const OTHER_NAMES = {
  bash: 'sh',
  javascript: 'js',
  mjs: 'js',
  no_run: 'rust,no_run',
  plaintext: 'text',
  rs: 'rust',
  shell: 'sh',
  'shell-session': 'console',
  systemd: 'ini',
  txt: 'text',
  typescript: 'ts',
  yml: 'yaml',
  zsh: 'sh',
};

/**
 * What is wrong with a block, in sentences.
 * @param {Block} block
 * @returns {Promise<string[]>}
 */
export async function faultsOf(block) {
  const { isFenced, language, words } = block;
  if (!isFenced)
    return [
      'this is code because of its indentation: put it between two lines of ``` with a language, or indent it less',
    ];
  if (language === '')
    return ['the block has no language: write one after ```; `text` is for output and drawings that no program reads'];
  const check = CHECKS[language];
  if (OTHER_NAMES[language]) return [`write \`${OTHER_NAMES[language]}\` instead of \`${language}\``];
  if (!check) {
    const known = Object.keys(CHECKS).join(', ');
    return [
      `nothing checks "${language}": use one of ${known}, or write a check in tests/documents/checks and name it in ` +
        'tests/documents/languages.mjs',
    ];
  }
  // A part of a file, which has its own tests.
  const quoted = words.find((word) => /^[^/].*\//.test(word));
  try {
    return quoted === undefined ? await check(block) : quoteFaults(block, quoted);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
