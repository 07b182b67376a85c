// Observations of what the verifier may respond with: ages, user ids, refusals, repetitions.

import { setTimeout } from 'node:timers/promises';

import { Profile } from './profile.mjs';
import { newUserId, redirect } from './verifier.mjs';

/**
 * @import { Lab, Journey } from './profile.mjs'
 * @import { Observation } from './runner.mjs'
 * @import { Plan } from './verifier.mjs'
 */

const EXPIRES_AFTER_MS = 330_000;
const HOUR_S = 3600;

/**
 * One anonymous login in a profile of its own.
 * @param {string} fact
 * @param {(lab: Lab) => NonNullable<Parameters<Profile['travel']>[0]>} options
 * @param {Observation['lack']} [lack]
 * @param {(lab: Lab) => Parameters<typeof Profile.open>[1]} [place]
 * @returns {Observation}
 */
const login = (fact, options, lack = needsOwnVerifier, place = () => ({})) => ({
  facts: [fact],
  lack,
  run: async (lab) => {
    const profile = await Profile.open(lab, place(lab));
    try {
      await profile.goto();
      lab.channel.fact(fact, await profile.travel(options(lab)));
    } finally {
      await profile.close();
    }
  },
});

/** @param {Lab} lab */
const needsOwnVerifier = ({ config }) =>
  config.verifier === 'deployed' ? 'the deployed verifier signs as it always does' : undefined;

/** @param {string} userId */
const withUserId = (userId) => () => ({ statement: { userId } });

/** @type {(userId: string, length: number) => string} */
const padded = (end, length) => newUserId(length - end.length) + end;

/**
 * Completes a login, and then observes what becomes of a second response.
 * @param {Lab} lab
 * @param {(profile: Profile, first: { journey: Journey, parameters: URLSearchParams, location: string }) => Promise<unknown>} observe
 */
async function afterLogin(lab, observe) {
  const profile = await Profile.open(lab);
  let parameters = new URLSearchParams();
  let location = '';
  /** @param {URLSearchParams} asked */
  const plan = async (asked) => {
    parameters = asked;
    location = await lab.verifier.sign(asked);
    return redirect(location);
  };
  try {
    await profile.goto();
    const journey = await profile.travel({ plan });
    if (!journey.returned) throw new Error('the first login did not come back');
    await observe(profile, { journey, parameters, location });
  } finally {
    await profile.close();
  }
}

/** @param {Lab} lab */
const stateTwice = (lab) =>
  afterLogin(lab, async (profile, { journey, parameters }) => {
    const again = await lab.verifier.sign(parameters);
    lab.channel.fact('state-twice', await profile.follow(again, journey.start));
  });

/** @param {Lab} lab */
const statementTwice = (lab) =>
  afterLogin(lab, async (profile, { location }) => {
    // Neither the session nor any other cookie of the first login plays a part in the second.
    await profile.context.clearCookies();
    await profile.goto();
    /** @type {Plan} */
    const plan = (parameters) => {
      const again = new URL(location);
      again.searchParams.set('state', parameters.get('state') ?? '');
      return redirect(again.href);
    };
    lab.channel.fact('statement-twice', await profile.travel({ plan }));
  });

/** @param {Lab} lab */
async function otherBrowser(lab) {
  const [first, second] = [await Profile.open(lab), await Profile.open(lab)];
  let location = '';
  /** @param {URLSearchParams} parameters */
  const hold = async (parameters) => {
    location = await lab.verifier.sign(parameters);
    return { status: 403, body: 'The login goes on in another browser.' };
  };
  try {
    await first.goto();
    const { start } = await first.travel({ plan: hold });
    if (!location) throw new Error('no request reached the verifier');
    await second.goto();
    lab.channel.fact('other-browser', await second.follow(location, start));
  } finally {
    await first.close();
    await second.close();
  }
}

/** @type {Plan} */
const deny = (parameters) => {
  const back = new URL(parameters.get('redirect_uri') ?? '');
  back.searchParams.set('error', 'access_denied');
  back.searchParams.set('state', parameters.get('state') ?? '');
  return redirect(back.href);
};

/** @type {Observation[]} */
export const observations = [
  login('statement-expired', () => ({ statement: { ageSeconds: 61 } })),
  login('statement-hour', () => ({ statement: { ageSeconds: 61, lifetimeSeconds: HOUR_S } })),
  login('statement-hour-expired', () => ({ statement: { ageSeconds: HOUR_S + 1, lifetimeSeconds: HOUR_S } })),
  { facts: ['state-twice'], run: stateTwice, lack: needsOwnVerifier },
  { facts: ['statement-twice'], run: statementTwice, lack: needsOwnVerifier },
  { facts: ['other-browser'], run: otherBrowser, lack: needsOwnVerifier },
  login('user-id-64', withUserId(newUserId(64))),
  login('user-id-65', withUserId(newUserId(65))),
  login('user-id-128', withUserId(newUserId(128))),
  login('user-id-129', withUserId(newUserId(129))),
  login('user-id-punctuation', withUserId(padded('slack|T0/U1:a@b', 48))),
  login('user-id-letters', withUserId(padded('über', 40))),
  login('verifier-403', () => ({ plan: () => ({ status: 403, body: 'refused' }) })),
  login('verifier-error', () => ({ plan: deny })),
  login(
    'default-host',
    () => ({}),
    ({ config }) => (config.defaultHost ? undefined : 'needs `default_host` in the configuration'),
    ({ config }) => ({ host: config.defaultHost ?? '' }),
  ),
  login(
    'login-expired',
    (lab) => ({
      plan: async (parameters) => {
        await setTimeout(EXPIRES_AFTER_MS);
        return redirect(await lab.verifier.sign(parameters));
      },
    }),
    (lab) =>
      needsOwnVerifier(lab) ?? (lab.config.slow ? undefined : 'it takes five and a half minutes: run with --slow'),
  ),
];
