import { bootstrapApplication, provideClientHydration } from '@angular/platform-browser';

import { Cart, shop } from './cart';
import { loginClient, subscriptions } from './login-client';

void bootstrapApplication(Cart, { providers: [provideClientHydration(), loginClient] }).then((application) => {
  Object.assign(window, { shop, subscriptions, destroy: () => application.destroy() });
});
