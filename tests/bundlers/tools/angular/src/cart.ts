import { Component, inject } from '@angular/core';

import * as shop from './login.js';
import { Shopper } from './shopper';

@Component({
  selector: 'shop-cart',
  template: `
    <p id="shopper" [attr.data-status]="shopper.status()">{{ shopper.status() }}</p>
    <button id="cart" (click)="addToCart()">Add to cart</button>
    <button id="guest" (click)="shopper.signInAnonymously()">Continue as a guest</button>
    @if (shopper.isAnonymous()) {
      <button id="leave" (click)="shopper.signOut()">Sign out</button>
    }
  `,
})
export class Cart {
  readonly shopper = inject(Shopper);

  addToCart(): void {
    void shop.cartToken();
  }
}

export { shop };
