// Publishes the files of a release: `node xtask/publish.mjs crates|npm FOLDER [--dry-run] [--registry NAME]`, in the root of
// the repository. FOLDER is what `cargo xtask release` has written.
//
// A run that was interrupted is repeated: what the registry has already is left out, if it is the same byte for byte. This
// is no command of xtask, because a job that may publish compiles no code of dependencies (xtask/src/workflows.rs).

import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';

import { publishCrates } from './publish/crates.mjs';
import { publishNpmPackages } from './publish/npm.mjs';
import { releaseFiles } from './publish/release-files.mjs';

const KINDS = { crates: publishCrates, npm: publishNpmPackages };

try {
  const { positionals, values } = parseArgs({
    args: argv.slice(2),
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false }, registry: { type: 'string' } },
  });
  const [kind, folder, ...rest] = positionals;
  const publish = kind === 'crates' || kind === 'npm' ? KINDS[kind] : undefined;
  if (!publish || !folder || rest.length > 0)
    throw new Error('usage: node xtask/publish.mjs crates|npm FOLDER [--dry-run] [--registry NAME]');
  await publish(releaseFiles(folder), { dryRun: values['dry-run'], registry: values.registry });
} catch (error) {
  console.error(`publish: ${error.message}`);
  exit(1);
}
