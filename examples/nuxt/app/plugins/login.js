import { LoginClient } from 'authress-login-wasm';
import { loginClientPlugin } from 'authress-login-wasm/vue';

// One client for the page. On the server it does nothing: the session is in the browser.
export default defineNuxtPlugin(({ hook, vueApp }) => {
  const { authressApiUrl, applicationId, anonymousConnectionId } = useRuntimeConfig().public;
  const login = new LoginClient({ authressApiUrl, applicationId, anonymousConnectionId });
  vueApp.use(loginClientPlugin(login));

  // The router has read the address before the client removes the callback parameters from it.
  const router = useRouter();
  hook('app:mounted', () => login.userSessionExists().finally(() => router.replace(addressOf(window.location))));
});

const addressOf = ({ pathname, search, hash }) => pathname + search + hash;
