import * as shop from './login.js';

document.getElementById('cart').addEventListener('click', () => shop.cartToken());
window.shop = shop;
