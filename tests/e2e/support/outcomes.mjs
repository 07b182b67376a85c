// The results of logins and links that end without success, which the sandbox reports in other words in each dialect.

import { dialect } from './stack.mjs';

/** @typedef {{ connectionId: string, userId?: string }} Login of a link with the user that it was for */

const isStrict = dialect === 'strict';

/**
 * A link that was refused because the identity has an account. The strict dialect says nothing, so that it could also be
 * any other failure.
 * @param {Login} login
 */
export const refusedLink = (login) =>
  isStrict
    ? { ...login, status: 'failed', mayBeOwned: true }
    : { ...login, status: 'already-owned', serverCode: 'IdentityAlreadyOwned', mayBeOwned: true };

/**
 * A login or link that the shopper has cancelled at the provider.
 * @param {Login} login
 */
export const cancelled = (login) => ({
  ...login,
  status: 'cancelled',
  serverCode: isStrict ? 'access_denied' : 'UserCancelled',
});

/** The error code of a login that took too long. */
export const EXPIRED = isStrict ? 'Expired' : 'AuthenticationRequestExpired';

/** The status of a response to invalid input. */
export const INVALID_INPUT_STATUS = isStrict ? 422 : 400;

/** The error code of a wrong one-time password. */
export const WRONG_CODE = isStrict ? 'DeviceProcessingFailed' : 'InvalidVerificationCode';

/**
 * What a login from a page on another site begins with: the strict dialect binds it to the browser at its first visit.
 * @type {readonly string[]}
 */
export const FIRST_VISIT = isStrict ? ['GET /login'] : [];
