import { LoginClient } from 'authress-login-wasm';
import { loginClientPlugin } from 'authress-login-wasm/vue';

// One client for the page. On the server it does nothing: the session is in the browser.
export default defineNuxtPlugin(({ hook, vueApp }) => {
  const { authressApiUrl, applicationId, anonymousConnectionId } = useRuntimeConfig().public;
  const login = new LoginClient({ authressApiUrl, applicationId, anonymousConnectionId });
  vueApp.use(loginClientPlugin(login));

  // The router has read the address before the client removes the callback parameters from it.
  const router = useRouter();
  hook('app:mounted', async () => {
    await login.userSessionExists().catch(console.error);
    const { path, fullPath } = router.currentRoute.value;
    const address = path + window.location.search + window.location.hash;
    // A navigation, even to the same address, would cancel the one that a visitor has just begun.
    if (address !== fullPath) await router.replace(address);
  });
});
