import { LoginClientProvider } from 'authress-login-wasm/react';

import './shop.css';

export const metadata = { title: 'A cart before the sign-in', icons: { icon: 'data:,' } };

// A server component cannot pass a client to the browser, so it passes the settings. A missing one fails the build.
const settings = {
  authressApiUrl: process.env.AUTHRESS_API_URL,
  applicationId: process.env.AUTHRESS_APPLICATION_ID,
  anonymousConnectionId: process.env.AUTHRESS_SERVICE_CLIENT,
};

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <LoginClientProvider settings={settings}>{children}</LoginClientProvider>
      </body>
    </html>
  );
}
