import { bootstrapApplication, provideClientHydration } from '@angular/platform-browser';

import { Cart, shop } from './cart';

void bootstrapApplication(Cart, { providers: [provideClientHydration()] }).then(() => {
  Object.assign(window, { shop });
});
