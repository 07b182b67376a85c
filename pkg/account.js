// The account's module, downloaded when one of its methods is called.
import makeGlue from 'generated:glue';

export default { makeGlue, source: () => new URL('./account_bg.wasm', import.meta.url) };
