// Deletes the users that a run has made.

import { Profile } from './profile.mjs';

/** @import { Lab } from './profile.mjs' */

/**
 * Deletes every user with a signed statement; some of them were never made.
 * @param {Lab} lab
 */
export async function cleanUp(lab) {
  const { channel, verifier } = lab;
  const { userIds } = verifier;
  if (userIds.length === 0) return;
  /** @type {number[]} */
  const statuses = [];
  try {
    const profile = await Profile.open(lab);
    const { managementToken } = lab;
    for (const userId of userIds) {
      const path = `/v1/users/${encodeURIComponent(userId)}`;
      const headers = { authorization: `Bearer ${managementToken}` };
      const { status } = await profile.fetchOnHost(path, { method: 'DELETE', headers });
      statuses.push(status);
      // One refusal is enough: the service client may not delete users, or the route does not exist here.
      if ([0, 401, 403, 405].includes(status)) break;
    }
    await profile.close();
  } catch {
    channel.missing(['cleanup'], 'the users could not be deleted, because the browser has failed');
  }
  channel.fact('cleanup', statuses);
  const left = userIds.length - statuses.filter((status) => status === 202).length;
  if (left > 0) {
    channel.remark(
      `Up to ${left} of ${userIds.length} anonymous users are left. Their ids begin with \`contract_test\`: delete ` +
        'them in the management portal.',
    );
  }
}
