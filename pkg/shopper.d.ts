import type { LoginClient, SessionSnapshot } from './index.js';

/** What the bindings need of a client: a `LoginClient`, the test double, or a double of your own. */
export type ShopperClient = Pick<
  LoginClient,
  'subscribe' | 'getSnapshot' | 'signInAnonymously' | 'signIn' | 'switchAccount' | 'signOut'
>;

/** The state of the session and what a shopper does. It is the same object until something changes. */
export type Shopper = Readonly<
  SessionSnapshot & {
    /** Whether the status is `anonymous`. */
    isAnonymous: boolean;
  } & Pick<LoginClient, 'signInAnonymously' | 'signIn' | 'switchAccount' | 'signOut'>
>;

export declare function shopperOf(client: ShopperClient, snapshot?: SessionSnapshot): Shopper;
export declare function unknownShopper(client: ShopperClient): Shopper;
