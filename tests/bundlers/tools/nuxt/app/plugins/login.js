import { LoginClient } from 'authress-login-wasm';
import { loginClientPlugin } from 'authress-login-wasm/vue';

import { settings } from '../settings.js';

export default defineNuxtPlugin(({ vueApp }) => {
  vueApp.use(loginClientPlugin(new LoginClient(settings)));
});
