import { LoginClientProvider } from 'authress-login-wasm/react';
import { Links, Outlet, Scripts } from 'react-router';
import { login } from './login.js';
import './shop.css';

export default function Root() {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>A cart before the sign-in</title>
        <link rel="icon" href="data:," />
        <Links />
      </head>
      <body>
        <LoginClientProvider client={login}>
          <Outlet />
        </LoginClientProvider>
        <Scripts />
      </body>
    </html>
  );
}
