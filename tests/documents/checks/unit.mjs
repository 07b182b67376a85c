// Units of systemd and other files of sections with keys and values.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { shellFaults } from './shell.mjs';
import { inFolder, isInstalled, run } from './tool.mjs';

/** @import { Block } from '../pages.mjs' */

const LINE = /^(?:\s*(?:[#;].*)?|\[[^\]]+\]|[\w.-]+\s*=.*)$/;
const UNIT_SECTION = /^\[(?:Unit|Service|Socket|Timer|Path|Mount|Install)\]$/m;
/** A program of the reader's machine that this one does not have. */
const MISSING_PROGRAM = /is not executable: No such file or directory/;

/** @param {Block} block */
export async function unitFaults(block) {
  const { code, line } = block;
  const faults = code
    .replaceAll('\\\n', '')
    .split('\n')
    .flatMap((text, index) =>
      LINE.test(text) ? [] : [`line ${line + 1 + index}: neither a section nor a key with a value`],
    );
  if (faults.length > 0 || !UNIT_SECTION.test(code)) return faults;
  const commands = [...code.matchAll(/^Exec\w+=[-@:+!]*(.*)$/gm)].map(async ({ 1: command, index }) => {
    const [, inner = command] = /^\S*sh -c '(.*)'$/.exec(command) ?? [];
    const at = line + code.slice(0, index).split('\n').length - 1;
    return shellFaults({ ...block, line: at, code: inner });
  });
  return [...systemdFaults(block), ...(await Promise.all(commands)).flat()];
}

/** @param {Block} block */
function systemdFaults({ code, line }) {
  if (!isInstalled('systemd-analyze')) return [];
  const [, name = code.includes('[Timer]') ? 'block.timer' : 'block.service'] =
    /^# \S*?([\w@-]+\.\w+)/.exec(code) ?? [];
  return inFolder((folder) => {
    const file = join(folder, name);
    writeFileSync(file, code);
    const { stdout, stderr } = run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file]);
    const lines = `${stdout}${stderr}`.split('\n').filter((text) => text.includes(name) && !MISSING_PROGRAM.test(text));
    return lines.map((text) => {
      const [, at, message] = /:(\d+): (.*)$/.exec(text) ?? [];
      return at ? `line ${line + Number(at)}: ${message}` : text.replace(`${folder}/`, '');
    });
  });
}
