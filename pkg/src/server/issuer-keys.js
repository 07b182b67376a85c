// An issuer's public keys: fetched when they are needed, cached, and fetched again when a `kid` is not among them.
//
// The rules are those of crates/access-token/src/issuer_keys: concurrent callers share one request; any client can put any
// `kid` into a token, and must not cause a flood of requests to the issuer; while the issuer does not respond, the cached
// keys are used for an hour. jose's own cache has no such hour, and forgets which keys do not exist.
import {
  KEYS_FRESH_MS,
  KEYS_MIN_INTERVAL_MS,
  KEYS_STALE_MS,
  KEYS_TIMEOUT_MS,
  KID_UNKNOWN_MS,
  MAX_KEY_SET_BYTES,
} from '../../generated/access-token.js';
import { ShopperError } from './errors.js';
import { publicKeys } from './jws.js';

/** @import { PublicKey } from './jws.js' */

/**
 * The last request to the issuer.
 * @typedef {object} Attempt
 * @property {number} at when it started, and once it has ended, when it ended
 * @property {boolean} hasSucceeded
 * @property {unknown} [failure]
 * @property {Promise<void> | null} inFlight
 */

const MAX_UNKNOWN = 256;
const MAX_KID_LENGTH = 256;

/**
 * A request that has not ended this long after its deadline never will. Workers end a request together with the visit that
 * started it.
 */
const GIVEN_UP_AFTER_MS = KEYS_TIMEOUT_MS + 1_000;

export class IssuerKeys {
  /** @type {{ keys: PublicKey[], at: number } | undefined} */
  #fetched;
  /** @type {Attempt | undefined} */
  #last;
  /** @type {Map<string, number>} from a `kid` that the issuer does not have to when it said so */
  #unknown = new Map();
  #request;
  #now;

  /**
   * @param {string} url nothing is fetched yet
   * @param {{ request?: (url: string) => Promise<PublicKey[]>, now?: () => number }} [ports] `now` in milliseconds, of a
   * clock that is never set
   */
  constructor(url, { request = requestKeys, now = () => performance.now() } = {}) {
    this.#request = () => request(url);
    this.#now = now;
  }

  /**
   * The keys. `kid` is among them if the issuer has it. Throws `KeysUnavailable` when there are no keys, or when it is
   * unknown whether the issuer has `kid` because it did not respond to the last request.
   * @param {string} kid
   * @returns {Promise<PublicKey[]>}
   */
  async forKid(kid) {
    const flight = this.#flightToWaitFor(kid);
    if (flight) {
      await endsWithin(flight, GIVEN_UP_AFTER_MS);
      this.#recordUnknown(kid);
    }
    const keys = this.#usable();
    const last = this.#last;
    const isKnown = keys && (has(keys, kid) || this.#isConclusiveFor(kid) || last?.hasSucceeded);
    if (!isKnown) throw new ShopperError('KeysUnavailable', last?.failure ? { cause: last.failure } : undefined);
    return keys;
  }

  /**
   * The request to wait for, if any: the one in flight, or a new one.
   * @param {string} kid
   */
  #flightToWaitFor(kid) {
    if (this.#isConclusiveFor(kid)) return null;
    const last = this.#last;
    const age = last ? this.#now() - last.at : Infinity;
    if (last?.inFlight && age < GIVEN_UP_AFTER_MS) {
      // A slow issuer must not delay callers whose key is cached.
      return has(this.#usable(), kid) ? null : last.inFlight;
    }
    return age < KEYS_MIN_INTERVAL_MS ? null : this.#start();
  }

  #start() {
    /** @type {Attempt} */
    const attempt = { at: this.#now(), hasSucceeded: false, inFlight: null };
    this.#last = attempt;
    const finish = async () => {
      try {
        const keys = await this.#request();
        this.#fetched = { keys, at: this.#now() };
        for (const kid of this.#unknown.keys()) if (has(keys, kid)) this.#unknown.delete(kid);
        attempt.hasSucceeded = true;
      } catch (failure) {
        attempt.failure = failure;
      }
      // The interval counts from here again: otherwise each caller that waited for a slow request would send another one.
      attempt.at = this.#now();
      attempt.inFlight = null;
    };
    attempt.inFlight = finish();
    return attempt.inFlight;
  }

  /**
   * Whether no request is needed: the keys are fresh, and `kid` is among them or is known not to exist.
   * @param {string} kid
   */
  #isConclusiveFor(kid) {
    if (!this.#fetched || this.#now() - this.#fetched.at >= KEYS_FRESH_MS) return false;
    const recorded = this.#unknown.get(kid) ?? -Infinity;
    return has(this.#fetched.keys, kid) || this.#now() - recorded < KID_UNKNOWN_MS;
  }

  #usable() {
    const fetched = this.#fetched;
    return fetched && this.#now() - fetched.at < KEYS_STALE_MS ? fetched.keys : undefined;
  }

  /**
   * Records that the issuer has no key `kid`, if its last response says so.
   * @param {string} kid
   */
  #recordUnknown(kid) {
    if (!this.#last?.hasSucceeded || has(this.#usable(), kid)) return;
    const now = this.#now();
    for (const [old, recorded] of this.#unknown) if (now - recorded >= KID_UNKNOWN_MS) this.#unknown.delete(old);
    // For invented ids beyond this number, only the interval limits the requests.
    if (this.#unknown.size < MAX_UNKNOWN && kid.length <= MAX_KID_LENGTH) this.#unknown.set(kid, now);
  }
}

/** @type {(keys: readonly PublicKey[] | undefined, kid: string) => boolean} */
const has = (keys, kid) => keys?.some((key) => key.kid === kid) ?? false;

/**
 * @param {Promise<void>} flight never rejects
 * @param {number} limitMs
 */
async function endsWithin(flight, limitMs) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([flight, limit]);
  clearTimeout(timer);
}

/**
 * Fetches the keys. They decide which tokens are accepted, so they come from this URL only: a redirect is no response.
 * @param {string} url
 */
async function requestKeys(url) {
  const options = {
    redirect: /** @type {const} */ ('manual'),
    signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
    headers: { accept: 'application/json' },
    // Next.js caches what servers fetch, without an end in some versions; withdrawn keys would stay valid.
    next: { revalidate: 0 },
  };
  const response = await fetch(url, options);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url} responded with status ${response.status}`);
  }
  return publicKeys(JSON.parse(await limitedText(response, url)));
}

/**
 * @param {Response} response
 * @param {string} url
 */
async function limitedText(response, url) {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = response.body?.getReader();
  let text = '';
  let length = 0;
  while (true) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > MAX_KEY_SET_BYTES) {
      await reader?.cancel();
      throw new Error(`${url} responded with more than ${MAX_KEY_SET_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
