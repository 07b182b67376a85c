// The features of Chromium that are disabled. Chromium takes the last argument of this name only, so this one has the
// driver's features too, as far as they matter here.

const OF_THE_DRIVER = [
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
];
/** The suggestions of the address bar are two pages of their own in each window, and a second of processor time. */
const OF_THE_WINDOW = ['WebUIOmniboxAimPopup', 'WebUIOmniboxPopup'];

export const disabledFeatures = `--disable-features=${[...OF_THE_DRIVER, ...OF_THE_WINDOW].join(',')}`;
