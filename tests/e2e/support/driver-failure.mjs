// Failures of a browser or its driver. They are no failures of the page under test, so the story is retried.

export class DriverFailure extends Error {
  name = 'DriverFailure';
}

/** The browser or its driver has ended by itself. */
export class BrowserCrash extends DriverFailure {
  name = 'BrowserCrash';
}

/** The driver has not responded to a command within its limit. */
export class DriverTimeout extends DriverFailure {
  name = 'DriverTimeout';
}
