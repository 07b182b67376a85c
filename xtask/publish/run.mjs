import { spawn } from 'node:child_process';

/**
 * Runs a program that says itself what it does.
 * @param {string} program
 * @param {string[]} words
 */
export async function run(program, words) {
  console.log(`${program} ${words.join(' ')}`);
  const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0)
    throw new Error(`${program} ${words[0]} failed (${code}): run this again, it leaves out what is published`);
}
