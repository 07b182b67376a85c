// Failures of a browser or its driver. They say nothing about the page, so the story is retried.

export class DriverFailure extends Error {
  name = 'DriverFailure';
}

/** The browser or its driver has ended, whatever the page or the story was about to do. */
export class BrowserCrash extends DriverFailure {
  name = 'BrowserCrash';
}

/** The driver has not answered a command within its limit. */
export class DriverTimeout extends DriverFailure {
  name = 'DriverTimeout';
}
