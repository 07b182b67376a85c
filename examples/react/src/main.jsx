import { LoginClient } from 'authress-login-wasm';
import { LoginClientProvider } from 'authress-login-wasm/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { addTo } from './cart.js';
import { Shop } from './shop.jsx';

// Vite puts the settings into the built page. A missing one throws here, with its name.
const login = new LoginClient({
  authressApiUrl: import.meta.env.VITE_AUTHRESS_API_URL,
  applicationId: import.meta.env.VITE_AUTHRESS_APPLICATION_ID,
  anonymousConnectionId: import.meta.env.VITE_AUTHRESS_SERVICE_CLIENT,
});

// What the browser has just come back from: the press that began the login is carried out, once and not once a rendering.
let hasFailed = false;
try {
  const result = await login.getRedirectResult();
  if (result?.status === 'signed-in' && result.appState === 'add') addTo(login.getSnapshot().userIdentity.userId);
} catch (error) {
  // Without a network, for example. The page is shown nevertheless, and the next press completes the login.
  console.error(error);
  hasFailed = true;
}

createRoot(document.getElementById('shop')).render(
  <StrictMode>
    <LoginClientProvider client={login}>
      <Shop hasFailedBefore={hasFailed} />
    </LoginClientProvider>
  </StrictMode>,
);
