// Attacks on the files of the package.

import { Person } from '../people.mjs';

/** @import { Attack } from '../attacks.mjs' */

/** @type {Attack[]} */
export const modules = [
  {
    id: 'changed file of the package',
    sentence: 'A cache or a CDN serves a changed file that the script loads.',
    refusal: '`ModuleLoadFailed`; the changed file does not run',
    topologies: ['localhost'],
    variants: ['module.js', 'authress_login_wasm_bg.wasm'],
    async succeeds(cast, variant) {
      const shopper = Person.shopper(cast);
      let isServed = false;
      await shopper.page.route(`**/${variant}*`, async (route) => {
        const response = await route.fetch();
        const body = await response.body();
        isServed = true;
        // A custom section with a name of one letter: valid WebAssembly of the same meaning.
        const more = variant.endsWith('.wasm')
          ? Buffer.from([0, 2, 1, 120])
          : Buffer.from('\nglobalThis.isChanged = true;');
        await route.fulfill({ response, body: Buffer.concat([body, more]) });
      });
      await shopper.open('/?changed');
      const options = { connectionId: cast.stack.shopperConnectionId, redirectOpenType: 'client-managed' };
      const { error } = await shopper.call('authenticate', options);
      if (!isServed) throw new Error(`${variant} was not requested`);
      return error?.code !== 'ModuleLoadFailed';
    },
  },
];
