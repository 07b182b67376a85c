import * as shop from './login.js';

export default {
  async fetch(request) {
    if (new URL(request.url).pathname === '/cart') {
      const code = await shop.cartToken().then(
        () => 'a token',
        (error) => error.code,
      );
      return Response.json({ code });
    }
    return new Response('<!doctype html><button id="cart">Add to cart</button>', {
      headers: { 'content-type': 'text/html' },
    });
  },
};
