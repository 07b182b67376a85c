/** The browser itself has ended, whatever the page or the story was about to do. */
export class BrowserCrash extends Error {
  name = 'BrowserCrash';
}
