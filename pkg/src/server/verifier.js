// A policy with the issuers' keys and a clock: who a request is from.
import { DEFAULT_LEEWAY_S, JWKS_PATH } from '../../generated/access-token.js';
import { ServerSettingError, ShopperError } from './errors.js';
import { IssuerKeys } from './issuer-keys.js';
import { acceptedIssuers, isSafeOrigin } from './issuers.js';
import { readUnverified } from './jws.js';
import { verifyToken } from './policy.js';
import { tokenOf } from './request.js';
import { application, callable, flag, list, safeOrigin, settingsOf, text, wholeNumber } from './settings.js';

/** @import { Shopper, ShopperRequest, ShopperVerifier, ShopperVerifierSettings } from 'authress-login-wasm/server' */

const SETTINGS = [
  'authressApiUrl',
  'applicationId',
  'audience',
  'serviceClients',
  'acceptCookie',
  'origins',
  'leewaySeconds',
  'keysUrl',
  'now',
];
/** The longest clock skew that makes sense; a larger number is probably one of milliseconds. */
const MAX_LEEWAY_S = 300;

/**
 * @param {ShopperVerifierSettings} settings
 * @returns {ShopperVerifier}
 */
export function createShopperVerifier(settings) {
  const given = settingsOf('settings', settings, SETTINGS);
  const host = safeOrigin('authressApiUrl', given.authressApiUrl, 'Set it to your Authress custom domain.');
  const issuers = acceptedIssuers(host, list('serviceClients', given.serviceClients, 'ids of service clients'));
  const policy = {
    issuers,
    applicationId: application('applicationId', given.applicationId),
    // Present and undefined is a missing environment variable, which must not turn off the check.
    audience: 'audience' in given ? text('audience', given.audience, 'Leave it out to accept every audience.') : null,
    leewaySeconds: wholeNumber('leewaySeconds', given.leewaySeconds, {
      otherwise: DEFAULT_LEEWAY_S,
      least: 0,
      most: MAX_LEEWAY_S,
    }),
  };
  const rules = {
    acceptCookie: flag('acceptCookie', given.acceptCookie, true),
    origins: list('origins', given.origins, 'origins such as https://www.example.com'),
  };
  if (!rules.origins.every(isSafeOrigin))
    throw new ServerSettingError(
      'origins',
      'must be origins such as https://www.example.com, without a slash at the end.',
    );
  const now = callable('now', given.now, () => Date.now());
  const keysUrl = callable('keysUrl', given.keysUrl, (/** @type {string} */ issuer) => issuer + JWKS_PATH);
  const keys = new Map(issuers.all.map((issuer) => [issuer, new IssuerKeys(checkedUrl(keysUrl(issuer)))]));

  /**
   * @param {string} token
   * @returns {Promise<Shopper>}
   */
  async function verify(token) {
    if (typeof token !== 'string') throw new TypeError('verify needs an access token, which is a string');
    // Not trusted yet: issuer and key id only select the keys, and only configured issuers have keys.
    const { kid, iss } = readUnverified(token);
    const issuer = issuers.read(iss)?.issuer;
    const ofIssuer = issuer === undefined ? undefined : keys.get(issuer);
    if (issuer === undefined || ofIssuer === undefined) throw new ShopperError('TokenOtherIssuer');
    return verifyToken(policy, token, issuer, await ofIssuer.forKid(kid), Math.floor(now() / 1_000));
  }

  /** @param {ShopperRequest} request */
  const shopperOf = async (request) => verify(tokenOf(request, rules));

  /** @param {ShopperRequest} request */
  async function shopperOrNull(request) {
    try {
      return await shopperOf(request);
    } catch (error) {
      if (error instanceof ShopperError && error.status === 401) return null;
      throw error;
    }
  }

  return Object.freeze({ shopperOf, shopperOrNull, verify });
}

/** @param {unknown} url */
function checkedUrl(url) {
  const address = String(url);
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  throw new ServerSettingError('keysUrl', 'must return the https URL of a key set for each issuer.');
}
