import { defineConfig } from 'vitest/config';

const { shopUrl } = JSON.parse(process.env.STACK);

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'node', environment: 'node', include: ['double.test.js', 'example.test.js', 'server.test.js'] } },
      {
        test: {
          name: 'jsdom',
          environment: 'jsdom',
          include: ['account-button.test.jsx', 'double.test.js', 'example.test.js', 'sign-in.test.js'],
          environmentOptions: { jsdom: { url: `${shopUrl}/` } },
        },
      },
      {
        test: {
          name: 'happy-dom',
          environment: 'happy-dom',
          include: ['account-button.test.jsx', 'double.test.js', 'example.test.js', 'sign-in.test.js'],
          environmentOptions: { happyDOM: { url: `${shopUrl}/` } },
        },
      },
    ],
  },
});
