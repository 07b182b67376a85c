import type { CallLimits } from './options.js';

/** An account with its identities, as Authress describes it. */
export interface UserProfile {
  linkedIdentities?: { connection: { connectionId: string; userId: string } }[];
  [property: string]: unknown;
}

/** A second factor. */
export interface Device {
  deviceId: string;
  name?: string;
  [property: string]: unknown;
}

/** Options of `registerDevice`. */
export type RegisterDeviceOptions = CallLimits & RegisteredDevice;

export type RegisteredDevice =
  | {
      /** The shopper's name for the device. */
      name?: string;
      type?: 'WebAuthN';
    }
  | {
      name?: string;
      type: 'TOTP';
      /** The secret of the one-time codes and one code made from it. */
      totp: { verificationCode: string; [property: string]: unknown };
    };
