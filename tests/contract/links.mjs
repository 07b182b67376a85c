// Observations of links, for which a person has to be at the provider's page.

import { Profile } from './profile.mjs';

/**
 * @import { Lab } from './profile.mjs'
 * @import { Person } from './person.mjs'
 * @import { Observation } from './runner.mjs'
 */

/** @type {Observation['lack']} */
const lack = ({ config }, person) => {
  if (!config.connectionId) return 'needs `connection.id` in the configuration';
  return person.isThere ? undefined : 'needs a person at the provider: run with --headed and sign in when asked';
};

/**
 * Signs an anonymous shopper in, starts a link, and lets a person act at the provider.
 * @param {Lab} lab
 * @param {Person} person
 * @param {'signIn' | 'cancel'} action
 * @param {string} instruction
 */
async function link(lab, person, action, instruction) {
  const profile = await Profile.open(lab);
  try {
    await profile.goto();
    const { returned } = await profile.travel();
    if (!returned) throw new Error('the anonymous login did not come back');
    await profile.reloadWithClient();
    const { value: before } = await profile.call('getToken');
    const journey = await profile.travel({
      method: 'linkIdentity',
      request: { connectionId: lab.config.connectionId },
      act: () => person.acts(profile, action, instruction),
    });
    if (!journey.returned) return { journey, before };
    await profile.reloadWithClient();
    const { value: after } = await profile.call('getToken');
    const { value: result } = await profile.call('getLinkResult');
    return { journey, before, after, result };
  } finally {
    await profile.close();
  }
}

/** @type {Observation[]} */
export const observations = [
  {
    facts: ['link'],
    lack,
    run: async (lab, person) => {
      const instruction = 'Sign in at the provider with an account that has never signed in to this application.';
      const { journey, before, after, result } = await link(lab, person, 'signIn', instruction);
      lab.channel.fact('link', { journey, accessTokenBefore: before, accessTokenAfter: after, result: result ?? {} });
    },
  },
  {
    facts: ['link-owned'],
    lack,
    run: async (lab, person) => {
      const instruction = 'Sign in at the provider with the same account again.';
      lab.channel.fact('link-owned', (await link(lab, person, 'signIn', instruction)).journey);
    },
  },
  {
    facts: ['link-cancelled'],
    lack,
    run: async (lab, person) => {
      const instruction = 'Cancel at the provider, with its own button if it has one.';
      lab.channel.fact('link-cancelled', (await link(lab, person, 'cancel', instruction)).journey);
    },
  },
];
