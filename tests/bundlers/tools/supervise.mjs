// Runs a program in a process group of its own, and kills the group when standard input closes: no development server
// outlives the test that started it, however that test ends.
import { spawn } from 'node:child_process';

const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

/** @param {number} code */
function end(code) {
  try {
    process.kill(-Number(child.pid), 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
  process.exit(code);
}

child.on('error', (error) => {
  console.error(String(error));
  process.exit(127);
});
child.on('exit', (code) => end(code ?? 1));
process.stdin
  .on('end', () => end(0))
  .on('error', () => end(0))
  .resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(1));
