// Every time limit of the end-to-end tests, in milliseconds.
//
// They are long, because only what has failed already lasts as long as they do: a busy machine must not fail a test.

/** How long a page may take to show what a story waits for. Longer than this is a failed check. */
export const PATIENCE_MS = 60_000;

/** How long a driver may take to run one command. Longer than this is a hang, and says nothing about the page. */
export const COMMAND_MS = 60_000;

/** How long a command may take that ends when code of the page does. Playwright's own limits come first. */
export const PAGE_MS = PATIENCE_MS + COMMAND_MS;

/** How long a driver and its browser may take to start. WebKit's may hang three times for a third of it before that. */
export const START_MS = 90_000;

/** How long a browser may take to close before it is killed. */
export const CLOSE_MS = 30_000;

/** How long the servers may take to start, which `xtask` limits for each of them, and how long to stop. */
export const SERVERS_START_MS = 600_000;
export const SERVERS_STOP_MS = 60_000;

/** How long one attempt at a story may take. One that goes on for longer waits for something without a limit. */
export const ATTEMPT_MS = 600_000;
/** How long what a failed attempt has begun may take to end. */
export const END_MS = 3 * CLOSE_MS;

/** How often a story is retried after a failure of the browser or its driver. */
export const MAX_RETRIES = 2;

/** What Node's test runner allows a story: more than all attempts, so that it never decides. */
export const STORY_MS =
  (MAX_RETRIES + 1) * (SERVERS_START_MS + 2 * START_MS + ATTEMPT_MS + END_MS + CLOSE_MS + SERVERS_STOP_MS);
