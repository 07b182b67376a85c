// Drawings: mermaid parses them.

import DOMPurify from 'dompurify';
import mermaid from 'mermaid';

/** @import { Block } from '../pages.mjs' */

// mermaid cleans labels while it parses them, and DOMPurify works in a browser only. Nothing is rendered here.
Object.assign(DOMPurify, { addHook() {}, sanitize: (/** @type {string} */ text) => text });

/** @param {Block} block */
export async function mermaidFaults({ code, line }) {
  try {
    await mermaid.parse(code);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [message.replace(/\bline (\d+)/g, (_, at) => `line ${line + Number(at)}`)];
  }
}
