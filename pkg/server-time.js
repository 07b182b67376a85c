/**
 * The time in milliseconds since 1970 by the server that the page came from, from its `Date` (RFC 9110 section 6.6.1);
 * NaN if it does not say. Authress's own is hidden from pages of other origins.
 */
export async function serverTime(signal) {
  const response = await fetch(location.origin, { method: 'HEAD', cache: 'no-store', signal });
  return Date.parse(response.headers.get('date'));
}
