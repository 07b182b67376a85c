// The report of the package's public surface, api-report.api.md, made by API Extractor from
// pkg/index.d.ts. A change of the surface shows as a change of the report.
//
//   cargo xtask api-report

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const folder = fileURLToPath(new URL('.', import.meta.url));
const packageFolder = fileURLToPath(new URL('../../pkg/', import.meta.url));

/**
 * Makes the report.
 * @param {{ update?: boolean }} [options] whether to write it to its place if it has changed
 * @returns the lines of the `committed` and the `made` report, and API Extractor's complaints about the types
 */
export function report({ update = false } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'api-report-'));
  /** @type {string[]} */
  const complaints = [];
  try {
    const { apiReportChanged } = Extractor.invoke(ExtractorConfig.prepare(configuration(scratch)), {
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
      committed: lines(join(folder, REPORT)),
      made: lines(join(scratch, REPORT)),
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const REPORT = 'api-report.api.md';

/**
 * @param {string} scratch
 * @returns {import('@microsoft/api-extractor').IExtractorConfigPrepareOptions}
 */
function configuration(scratch) {
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
      apiReport: { enabled: true, reportFolder: folder, reportTempFolder: scratch, reportFileName: 'api-report' },
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
  const { isCurrent, complaints } = report({ update: true });
  for (const complaint of complaints) console.error(complaint);
  console.log(
    isCurrent
      ? `tests/types/${REPORT} was up to date.`
      : `tests/types/${REPORT} is written: look at its changes and commit it.`,
  );
  if (complaints.length > 0) process.exitCode = 1;
}
