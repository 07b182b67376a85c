// A real Redis on loopback, without files.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { START_MS } from './limits.mjs';
import { freePort } from './ports.mjs';

/** Starts it, without data. Stop the process that it returns. */
export async function startRedis() {
  const port = await freePort();
  const server = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--save', ''], {
    cwd: tmpdir(),
    stdio: 'ignore',
  });
  server.on('error', (error) => assert.fail(`redis-server is missing: run cargo xtask setup (${error.message})`));
  const deadline = Date.now() + START_MS;
  while (!(await isOpen(port))) {
    assert.ok(Date.now() < deadline, 'Redis listens');
    await wait(20);
  }
  return { url: `redis://127.0.0.1:${port}`, server };
}

/** @param {number} port */
async function isOpen(port) {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}
