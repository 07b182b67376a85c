// Which tickets were redeemed, in the memory of one process.
import { settingsOf, wholeNumber } from './settings.js';

/** @import { MemoryStoreSettings, SpentTickets } from 'authress-login-wasm/server' */

const DEFAULT_CAPACITY = 10_000;
const MAX_CAPACITY = 10_000_000;

/**
 * @param {MemoryStoreSettings} [settings]
 * @returns {SpentTickets}
 */
export function memoryStore(settings = {}) {
  const given = settingsOf('settings', settings, ['capacity']);
  const limits = { otherwise: DEFAULT_CAPACITY, least: 1, most: MAX_CAPACITY };
  const capacity = wholeNumber('capacity', given.capacity, limits);
  /** @type {Map<string, number>} from an id to when it may be forgotten */
  const spent = new Map();

  return Object.freeze({
    /**
     * @param {string} id
     * @param {number} expiresAt
     */
    async spend(id, expiresAt) {
      if (spent.has(id)) return false;
      if (spent.size >= capacity) {
        const now = Date.now();
        for (const [old, end] of spent) if (end <= now) spent.delete(old);
      }
      // An id that is forgotten too early could be used again.
      if (spent.size >= capacity) throw new Error(`memoryStore() is full: it has ${capacity} tickets`);
      spent.set(id, expiresAt);
      return true;
    },
  });
}
