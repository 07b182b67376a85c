// Blocks of data: JSON, YAML with the types of Kubernetes, and HTTP messages.

import { parseAllDocuments } from 'yaml';

import { kubernetesFaults } from './kubernetes.mjs';

/** @import { Block } from '../pages.mjs' */

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * One JSON document. What the program makes of it that reads a file of this name: `cargo test -p authress-documentation`.
 * @param {Block} block
 */
export function jsonFaults({ code }) {
  try {
    JSON.parse(code);
    return [];
  } catch (error) {
    const isSeveral = code.trim().split('\n').every(isJson);
    return [isSeveral ? 'these are several documents: write one block for each, or `jsonl`' : messageOf(error)];
  }
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A JSON document in each line.
 * @param {Block} block
 */
export const jsonLinesFaults = ({ code, line }) =>
  code
    .trimEnd()
    .split('\n')
    .flatMap((text, index) => (isJson(text) ? [] : [`line ${line + 1 + index} is no JSON document`]));

/**
 * YAML documents; those with `apiVersion` and `kind` have the types of Kubernetes.
 * @param {Block} block
 */
export async function yamlFaults({ code, line }) {
  const found = parseAllDocuments(code).map((document) => {
    const faults = [...document.errors, ...document.warnings].map(({ message, linePos }) => {
      const first = message.split('\n')[0].replace(/ at line \d+, column \d+:$/, '');
      return linePos ? `line ${line + linePos[0].line}: ${first}` : first;
    });
    return faults.length > 0 ? faults : kubernetesFaults(document.toJS());
  });
  return (await Promise.all(found)).flat();
}

const START_LINE = /^(?:[A-Z]+ \S+ HTTP\/(?:1\.[01]|2|3)|HTTP\/(?:1\.[01]|2|3) \d{3}(?: .*)?)$/;
// RFC 9110, section 5.6.2: the characters of a field's name.
const FIELD = /^[\w!#$%&'*+.^`|~-]+: ?\S.*$/;

/**
 * A request or a response: its first line, its fields, and after an empty line its body.
 * @param {Block} block
 */
export function httpFaults({ code, line }) {
  const [head, ...bodies] = code.split('\n\n');
  const [start, ...fields] = head.trimEnd().split('\n');
  const faults = fields.flatMap((field, index) =>
    FIELD.test(field) ? [] : [`line ${line + 2 + index} is no header field such as "content-type: text/html"`],
  );
  if (!START_LINE.test(start))
    faults.unshift('the first line is none such as "GET /path HTTP/1.1" or "HTTP/1.1 200 OK"');
  const body = bodies.join('\n\n');
  const isJsonBody = fields.some((field) => /^content-type: ?application\/(?:[\w.-]+\+)?json\b/i.test(field));
  if (isJsonBody && body.trim() !== '' && !isJson(body)) faults.push('the body is no JSON document');
  return faults;
}
