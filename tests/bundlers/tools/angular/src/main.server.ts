import { type BootstrapContext, bootstrapApplication, provideClientHydration } from '@angular/platform-browser';
import { RenderMode, provideServerRendering, withRoutes } from '@angular/ssr';

import { Cart } from './cart';
import { loginClient } from './login-client';

const routes = withRoutes([{ path: '**', renderMode: RenderMode.Server }]);
const providers = [provideClientHydration(), provideServerRendering(routes), loginClient];

export default (context: BootstrapContext) => bootstrapApplication(Cart, { providers }, context);
