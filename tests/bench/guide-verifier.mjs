// The verifier of Authress's guide as it stands there, on Node's own HTTP server: reads two parameters,
// makes a user id, lets the published SDK sign. It checks and limits nothing.
//
//   ACCESS_KEY=… API_URL=… node tests/bench/guide-verifier.mjs     prints "ready http://127.0.0.1:PORT"

import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';

import sdk from '@authress/sdk';

import { portOf } from '../e2e/support/ports.mjs';

const { ACCESS_KEY, API_URL } = /** @type {Record<string, string>} */ (process.env);
const serviceClientId = ACCESS_KEY.split('.')[0];
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const shortId = () => Array.from({ length: 25 }, () => alphabet[randomInt(alphabet.length)]).join('');

const server = createServer(async (request, response) => {
  const parameters = new URL(String(request.url), 'http://localhost').searchParams;
  const tokenProvider = new sdk.ServiceClientTokenProvider(ACCESS_KEY, API_URL);
  const location = await tokenProvider.generateUserLoginUrl(
    /** @type {string} */ (parameters.get('redirect_uri')),
    /** @type {string} */ (parameters.get('state')),
    serviceClientId,
    `user_${shortId()}`,
  );
  response.writeHead(302, { location }).end();
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${portOf(server)}`));
