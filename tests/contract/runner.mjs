// The browser's part of `cargo xtask contract`: observes, and judges nothing. crates/contract starts it.

import { launch } from '../e2e/support/browser.mjs';
import { Channel } from './channel.mjs';
import { cleanUp } from './cleanup.mjs';
import * as links from './links.mjs';
import { Person } from './person.mjs';
import * as sessions from './sessions.mjs';
import * as statements from './statements.mjs';
import { Verifier } from './verifier.mjs';

/** @import { Config } from './channel.mjs' */
/** @import { Lab } from './profile.mjs' */

/**
 * Observations that are made together.
 * @typedef {object} Observation
 * @property {string[]} facts what it observes
 * @property {(lab: Lab, person: Person) => Promise<unknown>} run
 * @property {(lab: Lab, person: Person) => string | undefined} [lack] why it cannot run
 */

/** @type {Observation[]} */
const OBSERVATIONS = [...sessions.observations, ...statements.observations, ...links.observations];

const channel = new Channel();
/** @type {Config} */
const config = await channel.next();
const verifier = new Verifier(channel);
await verifier.start(config);
const browser = await launch({ browserArgs: config.browserArgs }, { headed: config.headed });
// Asked for now: a run that is stopped gets no more replies.
const managementToken = await channel.managementToken();
/** @type {Lab} */
const lab = { config, channel, browser, verifier, managementToken, rateLimited: 0 };
const person = await Person.of(lab);
try {
  for (const { facts, run, lack } of OBSERVATIONS) {
    if (channel.isStopping) break;
    const reason = lack?.(lab, person);
    if (reason) {
      channel.missing(facts, reason);
      continue;
    }
    try {
      await run(lab, person);
    } catch (error) {
      channel.missing(facts, `the observation failed: ${error.message.split('\n')[0]}`);
    }
  }
  channel.fact('rate-limited', lab.rateLimited);
} finally {
  await cleanUp(lab);
  await browser.close();
  verifier.stop();
}
if (!channel.isStopping) channel.send({ type: 'done' });
channel.close();
