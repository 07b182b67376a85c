// The reports of the packages' public surfaces, made by API Extractor from their index.d.ts. A change of a surface shows as a
// change of its report.
//
//   cargo xtask api-report

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The packages, by the folder of each, and the names of their reports. */
export const REPORTS = { pkg: 'api-report', 'sandbox-pkg': 'sandbox-api-report' };

/** @typedef {keyof typeof REPORTS} PackageFolder */

/**
 * The report's file.
 * @param {PackageFolder} of
 */
export const fileOf = (of) => `${REPORTS[of]}.api.md`;

/**
 * Makes the report of a package.
 * @param {PackageFolder} of
 * @param {{ update?: boolean }} [options] whether to write it to its place if it has changed
 * @returns the lines of the `committed` and the `made` report, and API Extractor's complaints about the types
 */
export function report(of, { update = false } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'api-report-'));
  /** @type {string[]} */
  const complaints = [];
  try {
    const { apiReportChanged } = Extractor.invoke(ExtractorConfig.prepare(configuration(of, scratch)), {
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
      committed: lines(join(folder, fileOf(of))),
      made: lines(join(scratch, fileOf(of))),
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * @param {PackageFolder} of
 * @param {string} scratch
 * @returns {import('@microsoft/api-extractor').IExtractorConfigPrepareOptions}
 */
function configuration(of, scratch) {
  const packageFolder = fileURLToPath(new URL(`../../${of}/`, import.meta.url));
  const none = { default: { logLevel: ExtractorLogLevel.None, addToApiReportFile: false } };
  return {
    configObject: {
      projectFolder: packageFolder,
      mainEntryPointFilePath: join(packageFolder, 'index.d.ts'),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: { strict: true, target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'], types: [] },
          files: [join(packageFolder, 'index.d.ts')],
        },
      },
      apiReport: { enabled: true, reportFolder: folder, reportTempFolder: scratch, reportFileName: REPORTS[of] },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          // Everything in index.d.ts is public.
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          // Not every name needs a sentence.
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
        },
        // The comments are JSDoc, as editors show it, and not TSDoc.
        tsdocMessageReporting: none,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(packageFolder, 'package.json'),
  };
}

/** @param {string} file */
function lines(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const folderName of /** @type {PackageFolder[]} */ (Object.keys(REPORTS))) {
    const { isCurrent, complaints } = report(folderName, { update: true });
    for (const complaint of complaints) console.error(complaint);
    const file = `tests/types/${fileOf(folderName)}`;
    console.log(isCurrent ? `${file} was up to date.` : `${file} is written: look at its changes and commit it.`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}
