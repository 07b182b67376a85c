// Components of Vue and Svelte: their own compilers accept them, and their scripts compile with the packages' types.

import { compileScript, compileTemplate, parse } from '@vue/compiler-sfc';
import { compile as compileSvelte } from 'svelte/compiler';

import { compile } from './scripts.mjs';

/** @import { Block } from '../pages.mjs' */

/** Names that the compilers bring: runes and stores of Svelte, macros of Vue. */
const OF_THE_COMPILER =
  /^line \d+: Cannot find name '(?:\$\w*|define(?:Props|Emits|Model|Expose|Slots|Options)|withDefaults)'/;

/**
 * What TypeScript says about a script within the component, without the names that its compiler brings.
 * @param {Block} block
 * @param {{ content: string, lang?: string, line: number }} script its line is that of its first character, in the component
 */
async function scriptFaults({ page, line }, { content, lang, line: first }) {
  const faults = await compile({ page, line: line + first - 1, extension: lang === 'ts' ? 'ts' : 'js', code: content });
  return faults.filter((fault) => !OF_THE_COMPILER.test(fault));
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message.split('\n')[0] : String(error));

/** @param {Block} block */
export async function vueFaults(block) {
  const { descriptor, errors } = parse(block.code, { filename: 'Block.vue' });
  if (errors.length > 0) return errors.map(messageOf);
  try {
    const isScripted = descriptor.script !== null || descriptor.scriptSetup !== null;
    if (isScripted) compileScript(descriptor, { id: 'block' });
    if (descriptor.template) {
      const { content: source } = descriptor.template;
      const { errors: found } = compileTemplate({ source, filename: 'Block.vue', id: 'block' });
      if (found.length > 0) return found.map(messageOf);
    }
  } catch (error) {
    return [messageOf(error)];
  }
  const scripts = [descriptor.script, descriptor.scriptSetup].filter((script) => script !== null);
  const faults = scripts.map(({ content, lang, loc }) => scriptFaults(block, { content, lang, line: loc.start.line }));
  return (await Promise.all(faults)).flat();
}

/** @param {Block} block */
export async function svelteFaults(block) {
  try {
    compileSvelte(block.code, { generate: false });
  } catch (error) {
    return [messageOf(error)];
  }
  const scripts = [...block.code.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
  const faults = scripts.map(({ 1: attributes, 2: content, index }) => {
    const line = block.code.slice(0, index).split('\n').length;
    return scriptFaults(block, { content, lang: /lang="ts"/.test(attributes) ? 'ts' : 'js', line });
  });
  return (await Promise.all(faults)).flat();
}
