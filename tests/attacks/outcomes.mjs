// The attacks that still succeed, each with the reason. Everything else must be refused.
//
// Both lists may only shrink: a test fails if an attack of them does not succeed any more.

/** @import { Attack } from './attacks.mjs' */
/** @import { Dialect, Topology } from '../e2e/support/stack.mjs' */

/**
 * Some attempts: those of an attack, restricted to some variants, topologies and dialects.
 * @typedef {object} Entry
 * @property {string} attack
 * @property {(variant: string) => boolean} [variants] default: all
 * @property {readonly Topology[]} [topologies] default: all
 * @property {readonly Dialect[]} [dialects] default: all
 * @property {string} reason
 */

/**
 * What the client cannot prevent: only the server sees it, or it would refuse benign shoppers.
 * @type {readonly Entry[]}
 */
export const ACCEPTED = [
  {
    attack: 'link of the attacker’s user id',
    dialects: ['default'],
    reason:
      'The lenient server attaches the identity before the browser returns, for any browser that completes the request. Nothing of it happens on a page of the shop; see the [launch conditions](threat-model.md#launch-conditions).',
  },
  {
    attack: 'old callback after a newer decision',
    variants: (variant) => variant === 'after another sign-in',
    topologies: ['https'],
    reason:
      'Both logins are the shopper’s own, and the one that was completed last counts: Authress has set its cookies before the page is asked; see [Known gaps](threat-model.md#known-gaps).',
  },
];

/**
 * What a change of this project will prevent.
 * @type {readonly Entry[]}
 */
export const EXPECTED_FAILURES = [];

/**
 * @param {readonly Entry[]} entries
 * @param {Attack} attack
 * @param {string} variant
 * @param {Topology} topology
 * @param {Dialect} dialect
 */
export const entryFor = (entries, attack, variant, topology, dialect) =>
  entries.find(
    (entry) =>
      entry.attack === attack.id &&
      (entry.variants?.(variant) ?? true) &&
      (entry.topologies?.includes(topology) ?? true) &&
      (entry.dialects?.includes(dialect) ?? true),
  );
