/** What a link that the shop has mailed brings to this browser. Both are bearer secrets: neither log nor send them elsewhere. */
export interface Invite {
  /** The Authress invite, for `signIn({ inviteId })`. */
  inviteId?: string;
  /** The shop's ticket for the cart, to redeem after the sign-in: the shopper may already have another account. */
  claimTicket?: string;
}

/**
 * Returns the `inviteId` and `claimTicket` of this page's address, and removes both from it: from the fragment
 * (`https://shop.example.com/#inviteId=…&claimTicket=…`, which browsers send to no server) and from the query. Call it first,
 * before anything reads the address.
 *
 * The result stays in `sessionStorage` of this tab until `clearInvite()`, so that a reload loses nothing. Returns `null`
 * without an invite, on a server, and for an address that has a parameter twice. Values that are too long (256 characters
 * for the invite, 2,048 for the ticket) are left out.
 */
export function readInvite(): Invite | null;

/** Forgets the invite: after the sign-in, or if the shopper does not want it. */
export function clearInvite(): void;
