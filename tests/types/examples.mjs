// The examples of the READMEs and of docs/, as files for the compiler.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Languages of blocks, and the extensions of their files.
 * @type {Record<string, string>}
 */
const LANGUAGES = { js: 'js', mjs: 'js', javascript: 'js', jsx: 'jsx', ts: 'ts', typescript: 'ts', tsx: 'tsx' };

/**
 * The Markdown files for users.
 * @param {string} workspace
 */
export function pages(workspace) {
  const docs = ['docs', 'docs/frameworks'].flatMap((folder) =>
    readdirSync(join(workspace, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  );
  return ['README.md', 'pkg/README.md', 'sandbox-pkg/README.md', ...docs.sort()];
}

/** @typedef {{ extension: string, code: string, isClassic?: boolean }} Script */

/**
 * The examples in JavaScript or TypeScript, also the scripts in examples of HTML.
 * @param {string} workspace
 * @returns {(Script & { page: string, line: number })[]}
 */
export function examples(workspace) {
  return pages(workspace).flatMap((page) => {
    const text = readFileSync(join(workspace, page), 'utf8');
    return [...text.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)].flatMap(({ 1: language, 2: code, index }) => {
      const line = text.slice(0, index).split('\n').length + 1;
      if (language === 'html') return scripts(code).map((script) => ({ page, line, ...script }));
      return language in LANGUAGES ? [{ page, line, extension: LANGUAGES[language], code: asModule(code) }] : [];
    });
  });
}

/**
 * The scripts inside HTML. One that is no module is a classic script, with the package's global.
 * @param {string} html
 * @returns {Script[]}
 */
function scripts(html) {
  return [...html.matchAll(/<script( type="module")?>([\s\S]*?)<\/script>/g)].map(({ 1: isModule, 2: code }) => ({
    extension: 'js',
    code: isModule ? asModule(code) : code,
    isClassic: !isModule,
  }));
}

/**
 * As a module, so that examples do not share names.
 * @param {string} code
 */
const asModule = (code) => (/^\s*(?:import|export)\b/m.test(code) ? code : `${code}\nexport {};\n`);
