// Process groups: no process that a test has started outlives it, however it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ProcessGroup, ownGroups, running } from '../e2e/support/process-group.mjs';

const start = async () => {
  const child = spawn('sh', ['-c', 'sleep 600 & echo; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  await once(child.stdout, 'data');
  return child;
};

test('a group is killed with all its processes', async () => {
  const pid = Number((await start()).pid);
  assert.ok(ownGroups().includes(pid));
  assert.ok(running(pid).length >= 1);
  const group = new ProcessGroup(pid);
  group.kill();
  while (running(pid).length > 0) await setTimeout(20);
  group.kill();
});

test('a group is killed even after its leader has ended', async () => {
  const child = await start();
  const pid = Number(child.pid);
  const group = new ProcessGroup(pid);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  assert.equal(running(pid).length, 1, 'the process that the leader has started goes on');
  group.kill();
  while (running(pid).length > 0) await setTimeout(20);
});

test('a group ends with the process that has started it, even if that is killed', async () => {
  const fixture = fileURLToPath(new URL('fixtures/browser.mjs', import.meta.url));
  const child = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(child.stdout, 'data');
  const group = Number(text);
  assert.ok(running(group).length >= 1);
  child.kill('SIGKILL');
  while (running(group).length > 0) await setTimeout(20);
});
