// What Chromium is to leave out. Of several such arguments the last one counts, so the driver's list is in it as well,
// as far as it matters here.

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
