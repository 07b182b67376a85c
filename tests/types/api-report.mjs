// The reports of the packages' public surfaces, made by API Extractor from the types of each entry. A change of a surface
// shows as a change of its report.
//
//   cargo xtask api-report

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const folder = fileURLToPath(new URL('.', import.meta.url));
const workspace = fileURLToPath(new URL('../..', import.meta.url));

/** The packages, by the folder of each, and how the names of their reports begin. */
const PACKAGES = { pkg: 'api-report', 'sandbox-pkg': 'sandbox-api-report' };
/** Types of frameworks, as much as the bindings use of them. */
const FRAMEWORKS = join(folder, 'examples/surroundings.d.ts');
/** The bindings have types in `shopper.d.ts`, which uses those of the main entry. */
const BINDING = /\/(?:react|vue|svelte)\.d\.ts$/;
/** The same as the main entry, in another form: it has no report of its own. */
const SAME_AS_MAIN = /^(?:\s*\/\/.*\n)*export \* from '\.\/index\.js';\n(?:export as namespace \w+;\n)?$/;

/**
 * An entry of a package with types.
 * @typedef {object} Entry
 * @property {string} name as applications import it
 * @property {string} packageFolder
 * @property {string} types the path of its declarations in the repository
 * @property {string} report the name of its report, without the ending
 */

/**
 * The entries of both packages that have types of their own.
 * @type {() => Entry[]}
 */
export const entries = () =>
  Object.entries(PACKAGES).flatMap(([packageFolder, start]) => {
    const { name, exports } = JSON.parse(readFileSync(join(workspace, packageFolder, 'package.json'), 'utf8'));
    return entriesOf(name, exports)
      .map(({ entry, types }) => ({
        name: join(name, entry),
        packageFolder,
        types: join(packageFolder, types),
        report: entry === '.' ? start : `${start}-${entry.replace('./', '').replaceAll('/', '-')}`,
      }))
      .filter(({ types }) => !SAME_AS_MAIN.test(readFileSync(join(workspace, types), 'utf8')));
  });

/**
 * The entries of `exports` that a program can import. Files such as `./module.wasm` have no types.
 * @param {string} name
 * @param {Record<string, string | { types?: string, [condition: string]: unknown }>} exports
 */
export function entriesOf(name, exports) {
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === 'string' && !/\.[cm]?js$/.test(target)) return [];
    if (typeof target === 'string' || target.types === undefined)
      throw new Error(`the entry ${join(name, entry)} has no "types" in exports`);
    return [{ entry, types: target.types }];
  });
}

/**
 * The report's file.
 * @param {Entry} entry
 */
export const fileOf = ({ report: name }) => `${name}.api.md`;

/**
 * Makes the report of an entry.
 * @param {Entry} entry
 * @param {{ update?: boolean }} [options] whether to write it to its place if it has changed
 * @returns the lines of the `committed` and the `made` report, and API Extractor's complaints about the types
 */
export function report(entry, { update = false } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'api-report-'));
  /** @type {string[]} */
  const complaints = [];
  try {
    const { apiReportChanged } = Extractor.invoke(ExtractorConfig.prepare(configuration(entry, scratch)), {
      localBuild: update,
      messageCallback: (message) => {
        // Everything else is about progress, or about the report itself.
        const isComplaint = message.category === 'Compiler' || message.category === 'Extractor';
        if (isComplaint && message.logLevel !== ExtractorLogLevel.None)
          complaints.push(message.formatMessageWithLocation(folder));
        message.handled = true;
      },
    });
    return {
      isCurrent: !apiReportChanged,
      complaints,
      committed: lines(join(folder, fileOf(entry))),
      made: lines(join(scratch, fileOf(entry))),
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * @param {Entry} entry
 * @param {string} scratch
 * @returns {import('@microsoft/api-extractor').IExtractorConfigPrepareOptions}
 */
function configuration({ packageFolder, types, report: name }, scratch) {
  const none = { default: { logLevel: ExtractorLogLevel.None, addToApiReportFile: false } };
  const isMain = types === join(packageFolder, 'index.d.ts');
  const usesMain = /from '\.\/index\.js'/.test(readFileSync(join(workspace, types), 'utf8')) || BINDING.test(types);
  return {
    configObject: {
      projectFolder: join(workspace, packageFolder),
      mainEntryPointFilePath: join(workspace, types),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            strict: true,
            target: 'es2022',
            module: 'nodenext',
            lib: ['es2022', 'dom'],
            types: [],
            // What the types of the frameworks here use.
            paths: {
              'authress-login-wasm': [join(workspace, 'pkg/index.d.ts')],
              'authress-login-wasm/server': [join(workspace, 'pkg/server.d.ts')],
            },
          },
          files: [join(workspace, types), ...(isMain ? [] : [FRAMEWORKS])],
        },
      },
      apiReport: { enabled: true, reportFolder: folder, reportTempFolder: scratch, reportFileName: name },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          // Everything in an entry is public.
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          // Not every name needs a sentence.
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
          // Types that the main entry exports, whose changes its report shows.
          ...(isMain || !usesMain ? {} : { 'ae-forgotten-export': { logLevel: ExtractorLogLevel.None } }),
        },
        // The comments are JSDoc, as editors show it, and not TSDoc.
        tsdocMessageReporting: none,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(workspace, packageFolder, 'package.json'),
  };
}

/** @param {string} file */
function lines(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const entry of entries()) {
    const { isCurrent, complaints } = report(entry, { update: true });
    for (const complaint of complaints) console.error(complaint);
    const file = `tests/types/${fileOf(entry)}`;
    console.log(isCurrent ? `${file} was up to date.` : `${file} is written: look at its changes and commit it.`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}
