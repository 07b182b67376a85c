// Whose tokens are accepted: the configured host of Authress, and the hosts that mean the same account.
//
// crates/access-token/src/issuers.rs has the same rules and their reasons; tests/vectors/issuers.json holds both to them.
// Everything compares text: a URL parser would repair what this must refuse.

/** The path below which Authress publishes the keys of service clients, and which their issuers have. */
const CLIENTS_PATH = '/v1/clients/';

/** A host of Authress that names an account. */
const ACCOUNT_HOST = /^([a-z0-9_-]+)\.(?:login|api(?:-[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)?)\.authress\.io$/;

/** @param {string} host */
const accountOf = (host) => ACCOUNT_HOST.exec(host)?.[1];

/** @param {string} hostname */
export const isLoopback = (hostname) =>
  /^127(?:\.\d+){3}$/.test(hostname) || /^(?:.*\.)?localhost$/.test(hostname) || hostname === '[::1]';

/**
 * Whether the text is an origin with TLS, or one of this machine: scheme and host, no slash at the end.
 * @param {string} text
 */
export function isSafeOrigin(text) {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)));
}

/**
 * The issuers of one configured origin.
 * @param {string} origin a safe origin
 * @param {readonly string[]} serviceClients whose own tokens are accepted, too
 */
export function acceptedIssuers(origin, serviceClients) {
  const account = origin.startsWith('https://') ? accountOf(origin.slice('https://'.length)) : undefined;
  const ofUsers = account === undefined ? origin : `https://${account}.login.authress.io`;
  const ofClients = account === undefined ? origin : `https://${account}.api.authress.io`;

  /**
   * The part of an issuer behind its host; undefined if the host is another one.
   * @param {string} iss
   */
  function pathOf(iss) {
    if (account === undefined) return iss.startsWith(origin) ? iss.slice(origin.length) : undefined;
    const [, host, path] = /^https:\/\/([^/]*)(.*)$/s.exec(iss) ?? [];
    return host !== undefined && accountOf(host) === account ? path : undefined;
  }

  return {
    /** All issuers: the users' first, then one for each service client. */
    all: [ofUsers, ...serviceClients.map((id) => `${ofClients}${CLIENTS_PATH}${id}`)],

    /**
     * Which of `all` the `iss` of a token stands for, and the service client that it names. The keys are fetched from
     * there, from a URL that contains nothing of the token.
     * @param {string} iss
     * @returns {{ issuer: string, serviceClient: string | null } | undefined}
     */
    read(iss) {
      const path = pathOf(iss);
      if (path === '') return { issuer: ofUsers, serviceClient: null };
      const serviceClient = path?.startsWith(CLIENTS_PATH) ? path.slice(CLIENTS_PATH.length) : undefined;
      if (serviceClient === undefined || !serviceClients.includes(serviceClient)) return undefined;
      return { issuer: `${ofClients}${CLIENTS_PATH}${serviceClient}`, serviceClient };
    },
  };
}
