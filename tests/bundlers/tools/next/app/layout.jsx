import { LoginClientProvider } from 'authress-login-wasm/react';

import { settings } from './settings.js';

export const metadata = { title: 'Next.js' };

// A server component, which can give a client component settings only.
export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <LoginClientProvider settings={settings}>{children}</LoginClientProvider>
      </body>
    </html>
  );
}
