import { LoginClient } from 'authress-login-wasm';
import { loginClientPlugin } from 'authress-login-wasm/vue';

// One client for the page. On the server it does nothing: the session is in the browser.
export default defineNuxtPlugin(({ vueApp }) => {
  const { authressApiUrl, applicationId, anonymousConnectionId } = useRuntimeConfig().public;
  vueApp.use(loginClientPlugin(new LoginClient({ authressApiUrl, applicationId, anonymousConnectionId })));
});
