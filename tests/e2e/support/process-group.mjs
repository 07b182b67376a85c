// A browser or a driver with everything that it has started, as one group that ends as one.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** Kills the group when its standard input closes, however this process ends. */
const GUARD = 'cat >/dev/null; kill -s KILL -- "-$1" 2>/dev/null';

export class ProcessGroup {
  #leader;
  #guard;

  /** @param leader the id of a process that was started as the leader of its own group */
  constructor(leader) {
    this.#leader = leader;
    this.#guard = spawn('sh', ['-c', GUARD, 'guard', `${leader}`], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.on('error', () => {});
    this.#guard.stdin.on('error', () => {});
    this.#guard.unref();
    this.#guard.stdin.unref();
  }

  /** Ends all processes of the group at once. */
  kill() {
    if (this.#guard === null) return;
    // Before the guard goes, so that it never looks for a group whose number another process may have by then.
    this.#guard.kill('SIGKILL');
    this.#guard = null;
    try {
      process.kill(-this.#leader, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** The ids of the child processes of this process that lead a group of their own. */
export function ownGroups() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const [parent, group] = statusOf(pid);
      return parent === process.pid && group === pid;
    });
}

/** The ids of the processes of a group that still run. */
export function running(group) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statusOf(pid)[1] === group && statusOf(pid)[2] !== 'Z');
}

/** The parent, the process group and the state of a process. */
function statusOf(pid) {
  try {
    // After the name of the program, which may contain anything.
    const [state, parent, group] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return [Number(parent), Number(group), state];
  } catch {
    return [];
  }
}
