// The attacks of the review, as data: what each is, where it applies, in which variants, and whether it succeeds.

import { callbacks } from './cases/callbacks.mjs';
import { links } from './cases/links.mjs';
import { modules } from './cases/modules.mjs';
import { prerendering } from './cases/prerendering.mjs';

/**
 * @import { Cast } from '../e2e/support/story.mjs'
 * @import { Dialect, StackDescription, Topology } from '../e2e/support/stack.mjs'
 */

/**
 * @typedef {object} Attack
 * @property {string} id
 * @property {string} sentence what the attacker does
 * @property {string} refusal what has to happen instead
 * @property {readonly Topology[]} topologies
 * @property {readonly string[]} variants
 * @property {(stack: Pick<StackDescription, 'topology'>, variant: string) => boolean} [appliesTo] whether a variant
 * exists there; by default all do
 * @property {(cast: Cast, variant: string) => Promise<boolean>} succeeds tries it, with a new browser for the shopper
 */

/** @type {readonly Attack[]} */
export const ATTACKS = [...links, ...callbacks, ...prerendering, ...modules];

/**
 * The variants of an attack in a topology.
 * @param {Attack} attack
 * @param {Topology} topology
 */
export const variantsOf = ({ topologies, variants, appliesTo = () => true }, topology) =>
  topologies.includes(topology) ? variants.filter((variant) => appliesTo({ topology }, variant)) : [];

/**
 * The name of one attempt, in tests and in the lists of `outcomes.mjs`.
 * @param {Attack} attack
 * @param {string} variant
 * @param {Topology} topology
 * @param {Dialect} dialect
 */
export const nameOf = ({ id }, variant, topology, dialect) => `${id} (${variant}), ${topology}, ${dialect}`;
