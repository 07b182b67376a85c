// An issuer on loopback with a key for each algorithm.
import { once } from 'node:events';
import { createServer } from 'node:http';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';

export async function startIssuer() {
  const pairs = { EdDSA: await generateKeyPair('EdDSA'), RS512: await generateKeyPair('RS512') };
  const keys = await Promise.all(
    Object.entries(pairs).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid: alg, alg })),
  );
  const issuer = { origin: '', requests: 0, token, stop: () => server.close() };
  const server = createServer((_, response) => {
    issuer.requests += 1;
    response.end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer.origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;

  /** @param {'EdDSA' | 'RS512'} alg */
  async function token(alg) {
    return await new SignJWT({ iss: issuer.origin, sub: 'user_a', client_id: 'app_shop', azp: 'sc_shop' })
      .setProtectedHeader({ alg, kid: alg, typ: 'at+jwt' })
      .setExpirationTime('5m')
      .sign(pairs[alg].privateKey);
  }

  return issuer;
}
