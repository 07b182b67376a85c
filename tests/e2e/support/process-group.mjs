// A browser or a driver with all the processes that it has started: a process group, which is killed as a whole.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** Kills the group when its standard input closes, however this process ends. */
const GUARD = 'cat >/dev/null; kill -s KILL -- "-$1" 2>/dev/null';

export class ProcessGroup {
  #leader;
  /** @type {import('node:child_process').ChildProcess | null} */
  #guard;

  /** @param {number} leader the id of a process that was started as the leader of its own group */
  constructor(leader) {
    this.#leader = leader;
    const guard = spawn('sh', ['-c', GUARD, 'guard', `${leader}`], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guard.on('error', () => {});
    guard.stdin.on('error', () => {});
    guard.unref();
    /** @type {import('node:net').Socket} */ (guard.stdin).unref();
    this.#guard = guard;
  }

  /** Kills all processes of the group. */
  kill() {
    if (this.#guard === null) return;
    // Before the guard ends, so that it never kills a group that has the same id by then.
    this.#guard.kill('SIGKILL');
    this.#guard = null;
    try {
      process.kill(-this.#leader, 'SIGKILL');
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
    }
  }
}

/** The ids of the child processes of this process that lead a group of their own. */
export function ownGroups() {
  return processIds().filter((pid) => {
    const status = statusOf(pid);
    return status?.parent === process.pid && status.group === pid;
  });
}

/**
 * The ids of the processes of a group that still run.
 * @param {number} group
 */
export function running(group) {
  return processIds().filter((pid) => {
    const status = statusOf(pid);
    return status?.group === group && status.state !== 'Z';
  });
}

function processIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/**
 * The parent, the process group and the state of a process; undefined if it has ended.
 * @param {number} pid
 */
function statusOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // After the name of the program in parentheses, which may contain anything.
  const [state, parent, group] = text.slice(text.lastIndexOf(') ') + 2).split(' ');
  return { state, parent: Number(parent), group: Number(group) };
}
