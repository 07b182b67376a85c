// Every time limit of the end-to-end tests, in milliseconds.
//
// They are long: only a wait that has failed already lasts that long, and a busy machine must not fail a test.

/** How long a page may take to show what a story waits for. Longer is a failed check. */
export const PATIENCE_MS = 60_000;

/** How long a driver may take to run one command. Longer is a hang of the driver. */
export const COMMAND_MS = 60_000;

/** How long a command may take that ends when code of the page does. Playwright's own limits are shorter. */
export const PAGE_MS = PATIENCE_MS + COMMAND_MS;

/** How long a driver and its browser may take to start. WebKit may use a third of it three times before that. */
export const START_MS = 90_000;

/** How long a browser may take to close before it is killed. */
export const CLOSE_MS = 30_000;

/** How long the servers may take to start, which `xtask` limits for each of them, and how long to stop. */
export const SERVERS_START_MS = 600_000;
export const SERVERS_STOP_MS = 60_000;

/** How long one attempt at a story may take. A longer one waits for something without a limit. */
export const ATTEMPT_MS = 600_000;
/** How long the cleanup after a failed attempt may take. */
export const CLEANUP_MS = 3 * CLOSE_MS;

/** How often a story is retried after a failure of the browser or its driver. */
export const MAX_RETRIES = 2;

/** The limit of Node's test runner for a story: more than all attempts together, so that it is never the first. */
export const STORY_MS =
  (MAX_RETRIES + 1) * (SERVERS_START_MS + 2 * START_MS + ATTEMPT_MS + CLEANUP_MS + CLOSE_MS + SERVERS_STOP_MS);
