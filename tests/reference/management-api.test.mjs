// The management API of the sandbox, called by the published SDK, unchanged: what the SDK sends is accepted, and it can read
// what it gets. The sandbox is the real program, in both dialects.
//
// Run after `cargo build -p authress-sandbox`, from the folder `tests`:
//   node --test reference/management-api.test.mjs

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import sdk from '@authress/sdk';

import { freePort } from '../e2e/support/ports.mjs';
import { start } from './servers.mjs';

const { AuthressClient } = sdk;

const clientId = 'sc_demoShop';
/** Like those of real providers. */
const userIds = ['google-oauth2|1095', 'slack|T0/U1', 'Authress|a:b@c d+e'];

/** The status with which the SDK rejects a call. @param {Promise<unknown>} call */
async function statusOf(call) {
  try {
    await call;
  } catch (error) {
    return /** @type {{ status: number }} */ (error).status;
  }
  return assert.fail('the call succeeded');
}

/** @param {string} id @param {string} userId */
const record = (id, userId) => ({
  recordId: id,
  name: 'A cart',
  users: [{ userId }],
  statements: [{ roles: ['Authress:Owner'], resources: [{ resourceUri: `carts/${id}` }] }],
});

for (const dialect of ['default', 'strict']) {
  describe(`the published SDK and the sandbox, ${dialect}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'management-api-'));
    /** @type {{ address: string, stop: () => Promise<void> }} */
    let sandbox;
    /** @type {import('@authress/sdk').AuthressClient} */
    let client;
    let sandboxUrl = '';

    before(async () => {
      const port = await freePort();
      const resources = ['carts', 'Authress:Invites', 'Authress:Users'].map((resourceUri) => ({ resourceUri }));
      const config = {
        listen: `127.0.0.1:${port}`,
        control: true,
        dialect,
        applications: [{ applicationId: 'app_demo', redirectUrls: ['http://localhost:5173'] }],
        serviceClients: [
          {
            clientId,
            authorizationUrl: 'http://127.0.0.1:1/v1/login',
            accessKeyFile: join(folder, 'access-key'),
            options: { grantUserPermissionsAccess: true },
            statements: [{ roles: ['Authress:Owner'], resources }],
          },
        ],
        claimableCollections: ['carts'],
      };
      writeFileSync(join(folder, 'sandbox.json'), JSON.stringify(config));
      sandbox = await start('authress-sandbox', ['--config', join(folder, 'sandbox.json')], {});
      sandboxUrl = sandbox.address;
      const accessKey = readFileSync(join(folder, 'access-key'), 'utf8');
      client = new AuthressClient({ authressApiUrl: sandboxUrl }, accessKey);
    });

    after(async () => {
      await sandbox?.stop();
      rmSync(folder, { recursive: true });
    });

    /** @param {number} seconds */
    const advance = (seconds) =>
      fetch(`${sandboxUrl}/sandbox/clock`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ advanceSeconds: seconds }),
      });

    test('a record gives a user access, whatever the user id contains', async () => {
      for (const [index, userId] of userIds.entries()) {
        const id = `rec_${index}`;
        const created = await client.accessRecords.createRecord(record(id, userId));
        assert.equal(created.data.recordId, id);
        await client.userPermissions.authorizeUser(userId, `/carts/${id}/items`, 'READ');
        await assert.rejects(client.userPermissions.authorizeUser(userId, 'orders/1', 'READ'), {
          code: 'UnauthorizedError',
        });
        const { data } = await client.userPermissions.getUserResources(userId, 'carts');
        assert.deepEqual(data.resources, [{ resourceUri: `carts/${id}` }]);
      }
    });

    test('an outdated change of a record is refused', async () => {
      const { data: first } = await client.accessRecords.createRecord(record('rec_shared', 'one'));
      /** @type {any} The SDK’s types have a Date here, its code a string. */
      const known = first.lastUpdated ?? assert.fail('no lastUpdated');
      await client.accessRecords.updateRecord('rec_shared', record('rec_shared', 'two'), known);
      const late = client.accessRecords.updateRecord('rec_shared', record('rec_shared', 'three'), known);
      assert.equal(await statusOf(late), 412);
      await client.accessRecords.deleteRecord('rec_shared');
      const { data: deleted } = await client.accessRecords.getRecord('rec_shared');
      assert.equal(deleted.status, 'DELETED');
      assert.equal(await statusOf(client.accessRecords.createRecord(record('rec_shared', 'one'))), 409);
    });

    test('records are listed page by page', async () => {
      for (let index = 0; index < 25; index++) {
        await client.accessRecords.createRecord(record(`rec_list${index}`, 'user'));
      }
      await advance(5);
      const ids = new Set();
      let cursor;
      do {
        /** @type {any} */
        const { data } = await client.accessRecords.getRecords(undefined, cursor, 'rec_list', 'ACTIVE');
        for (const { recordId } of data.records) ids.add(recordId);
        cursor = data.pagination?.next?.cursor;
      } while (cursor);
      assert.equal(ids.size, 25);
    });

    test('an invite is made, read and deleted', async () => {
      const statements = [{ roles: ['Authress:Owner'], resources: [{ resourceUri: 'carts/1' }] }];
      /** @type {any} */
      const body = { linkedUserId: 'user_1', statements };
      const { data: invite } = await client.invites.createInvite(body);
      assert.ok(invite.inviteId);
      const { data: read } = await client.invites.getInvite(invite.inviteId);
      assert.deepEqual(read.statements, statements);
      assert.equal(await statusOf(client.invites.respondToInvite(invite.inviteId)), 403);
      await client.invites.deleteInvite(invite.inviteId);
      assert.equal(await statusOf(client.invites.getInvite(invite.inviteId)), 404);
      body.linkedUserId = 'slack|T0/U1';
      assert.equal(await statusOf(client.invites.createInvite(body)), dialect === 'strict' ? 422 : 400);
    });

    test('a service client claims nothing, and a user that never logged in is unknown', async () => {
      const claim = client.accessRecords.createClaim({ collectionResource: 'carts', resourceId: 'mine' });
      assert.equal(await statusOf(claim), 403);
      assert.equal(await statusOf(client.users.getUser('slack|T0/U1')), 404);
    });

    test('the SDK tries again after a failure and a lost response', async () => {
      const faults = [
        { path: '/v1/users', status: 503, times: 2 },
        { method: 'GET', path: '/v1/records', drop: true },
      ];
      await fetch(`${sandboxUrl}/sandbox/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ faults }),
      });
      assert.equal(await statusOf(client.users.getUser('unknown')), 404);
      assert.equal((await client.accessRecords.getRecords(1)).status, 200);
    });
  });
}
