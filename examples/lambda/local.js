// Runs the function on this machine: makes an event of each request, as API Gateway does, and serves the page of `../express`.

import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import express from 'express';

import { handler } from './index.js';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(dirname(fileURLToPath(import.meta.resolve('authress-login-wasm/package.json'))), 'dist');
const {
  AUTHRESS_API_URL: authressApiUrl,
  AUTHRESS_APPLICATION_ID: applicationId,
  AUTHRESS_SERVICE_CLIENT: anonymousConnectionId,
  PORT = '3000',
} = process.env;

/** The event of a request, in payload format 2.0: cookies are apart, and several headers of one name are one. */
function eventOf(request, routeKey) {
  const { cookie, ...headers } = request.headers;
  const { path, method, params, hostname } = request;
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp: request.ip, userAgent: headers['user-agent'] };
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: new URL(request.url, 'http://localhost').search.slice(1),
    ...(cookie && { cookies: cookie.split('; ') }),
    headers,
    requestContext: {
      accountId: '123456789012',
      apiId: 'local',
      domainName: hostname,
      domainPrefix: 'local',
      http,
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      timeEpoch: Date.now(),
    },
    ...(Object.keys(params).length > 0 && { pathParameters: { ...params } }),
    isBase64Encoded: false,
  };
}

const invoke = (routeKey) => async (request, response) => {
  const { statusCode, headers, body } = await handler(eventOf(request, routeKey));
  response.status(statusCode).set(headers).send(body);
};

const app = express();
app.get('/api/cart', invoke('GET /api/cart'));
app.put('/api/cart/:product', invoke('PUT /api/cart/{product}'));
app.get('/settings.json', (_, response) => response.json({ authressApiUrl, applicationId, anonymousConnectionId }));
app.use('/authress-login-wasm', express.static(dist));
app.use(express.static(join(here, '../express/public')));
const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`ready http://localhost:${server.address().port}`),
);
