/** A request as it may be shown. */
export interface Entry {
  /** Counts from 1. */
  number: number;
  /** When it arrived, by the system's clock, in ISO 8601. */
  time: string;
  method: string;
  /** Path and query, with `…` for what is secret. */
  path: string;
  /** Which step of a login it is, in words. */
  step: string;
  /** The login or link that it belongs to: `login 1`. */
  flow: string | null;
  /** Of the response. */
  status: number;
  /** Whether a fault has closed the connection instead. */
  isDropped: boolean;
  /** From its arrival to the response. */
  durationMs: number;
  /** Of the error that the response reports. */
  code: string | null;
  /** Of that error: a sentence, or empty. */
  title: string;
}
