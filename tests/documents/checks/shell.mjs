// Commands: the shell parses them, shellcheck finds no mistakes, and the programs have the options that they are given.

import { fileURLToPath } from 'node:url';

import { Language, Parser } from 'web-tree-sitter';

import { commandFaults } from './commands.mjs';
import { isInstalled, run } from './tool.mjs';

/** @import { Block } from '../pages.mjs' */
/** @import { Node } from 'web-tree-sitter' */

await Parser.init();
const bash = await Language.load(fileURLToPath(import.meta.resolve('tree-sitter-bash/tree-sitter-bash.wasm')));
const parser = new Parser();
parser.setLanguage(bash);

/**
 * Rules for scripts that do not hold for lines which a reader enters one after the other.
 *   SC1091: `source` of a file: that the file exists is checked with the words of the commands.
 *   SC2034: a variable that is not used: it is an example of a setting.
 *   SC2164: `cd` without what to do if it fails.
 */
const LEFT_OUT = 'SC1091,SC2034,SC2164';

/**
 * A command as it is written.
 * @typedef {object} Command
 * @property {string} program
 * @property {string[]} words
 * @property {string[]} variables that are set for it
 * @property {number} line of the text, from 0
 */

/** @param {string} text */
function withoutQuotes(text) {
  return text.replace(/\\\n/g, '').replace(/^(['"])([\s\S]*)\1$/, '$2');
}

/**
 * The commands of a text, and the lines that are no commands.
 * @param {string} code
 */
export function parse(code) {
  const tree = parser.parse(code);
  if (!tree) throw new Error('the parser was cancelled');
  const isWrong = (/** @type {Node | null} */ node) => node !== null && (node.isError || node.isMissing);
  const wrong = tree.rootNode.hasError ? tree.rootNode.descendantsOfType(['ERROR']).filter(isWrong) : [];
  /** @type {Command[]} */
  const commands = [];
  for (const node of tree.rootNode.descendantsOfType('command')) {
    const name = node?.childForFieldName('name');
    if (!node || !name) continue;
    const variables = node.namedChildren.flatMap((child) =>
      child?.type === 'variable_assignment' ? [child.childForFieldName('name')?.text ?? ''] : [],
    );
    const words = node.childrenForFieldName('argument').map((word) => withoutQuotes(word?.text ?? ''));
    commands.push({ program: withoutQuotes(name.text), words, variables, line: node.startPosition.row });
  }
  return { commands, wrongLines: wrong.map((node) => node?.startPosition.row ?? 0), hasError: tree.rootNode.hasError };
}

/**
 * @param {string} code
 * @param {number} line
 */
function syntaxFaults(code, line) {
  if (isInstalled('shellcheck')) {
    const { stdout } = run('shellcheck', ['--shell=bash', '--format=json1', `--exclude=${LEFT_OUT}`, '-'], code);
    const { comments } = JSON.parse(stdout);
    return comments.map(
      (/** @type {{ line: number, code: number, message: string }} */ { line: at, code: rule, message }) =>
        `line ${line + at}: SC${rule}: ${message}`,
    );
  }
  const { status, stderr } = run('bash', ['-n'], code);
  return status === 0 ? [] : stderr.trim().split('\n');
}

/** @param {Block} block */
export async function shellFaults({ page, code, line }) {
  const faults = syntaxFaults(code, line);
  if (faults.length > 0) return faults;
  const { commands, wrongLines, hasError } = parse(code);
  if (hasError) return [`line ${line + 1 + (wrongLines[0] ?? 0)}: this is no command of the shell`];
  const found = commands.map(async (command) => {
    const messages = await commandFaults(command, page);
    return messages.map((message) => `line ${line + 1 + command.line}: ${message}`);
  });
  return (await Promise.all(found)).flat();
}

/**
 * Commands after a `$ `, and their output.
 * @param {Block} block
 */
export async function consoleFaults(block) {
  const lines = block.code.split('\n');
  if (!lines.some((text) => text.startsWith('$ ')))
    return ['no line is a command: those begin with `$ `; write `text` for output'];
  let isContinued = false;
  const commands = lines.map((text) => {
    const isCommand = isContinued || text.startsWith('$ ');
    isContinued = isCommand && text.endsWith('\\');
    return isCommand ? text.replace(/^\$ /, '') : '';
  });
  return shellFaults({ ...block, code: commands.join('\n') });
}

/** What in a sentence is a whole command, and no name of a program or of an option. */
const IS_COMMAND =
  /^(?:[A-Z_]+=\S+ )*(?:cargo (?!xtask)|node --|npm (?:run|pack|install|test|start)|npx |authress-[\w-]+ )/;

/**
 * The same for code within a sentence.
 * @param {string} code
 * @param {string} page
 */
export async function inlineCommandFaults(code, page) {
  if (!IS_COMMAND.test(code)) return [];
  const { commands, hasError } = parse(code);
  if (hasError) return [`\`${code}\` is no command of the shell`];
  return (await Promise.all(commands.map((command) => commandFaults(command, page)))).flat();
}
