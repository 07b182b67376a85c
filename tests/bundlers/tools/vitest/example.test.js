import { expect, test } from 'vitest';

import * as shop from './login.js';

test('the first example loads', async () => {
  expect(shop.cartToken).toBeTypeOf('function');
});
