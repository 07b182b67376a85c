import { Component } from '@angular/core';

import * as shop from './login';

@Component({ selector: 'shop-cart', template: '<button id="cart" (click)="addToCart()">Add to cart</button>' })
export class Cart {
  addToCart(): void {
    void shop.cartToken();
  }
}

export { shop };
