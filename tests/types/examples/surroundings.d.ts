// What the examples use of a storefront, and what the examples and the bindings use of the frameworks.

declare const login: import('authress-login-wasm').LoginClient;
declare function show(what: import('authress-login-wasm').SessionSnapshot): void;
declare function tell(what: string | undefined): void;
declare function requestClaimTicket(): Promise<string>;
declare function cartOf(userId: string | undefined): Promise<unknown>;
/** On a server: its environment, and the shop's own data. */
declare const process: { env: Record<string, any>; cwd(): string };
declare function moveCart(from: string, to: string): Promise<void>;
declare function Cart(properties: { initial: unknown }): unknown;
/** Of Nuxt. */
declare function defineEventHandler<Handler>(
  handler: (event: import('authress-login-wasm/server').ShopperRequest) => Handler,
): unknown;

/** The page that a script belongs to has its elements. */
interface Document {
  querySelector(selectors: string): any;
}
/** Of Vite. */
interface ImportMeta {
  readonly env: Readonly<Record<string, string>>;
}

declare namespace JSX {
  interface IntrinsicElements {
    [name: string]: unknown;
  }
}

declare module '*?url' {
  const url: string;
  export default url;
}

// The other files of the recipes in docs/server.md.
declare module '*/shopper.js' {
  import type { Shopper, ShopperRequest, ShopperVerifier } from 'authress-login-wasm/server';
  export const shopperOf: ShopperVerifier['shopperOf'];
  export const shopperOrNull: ShopperVerifier['shopperOrNull'];
  export function forShopper<Result>(
    request: ShopperRequest,
    handler: (shopper: Shopper) => Result,
  ): Promise<Awaited<Result> | Response>;
  export const uncached: (data: unknown) => Response;
}
declare module '*/store.js' {
  export const store: import('authress-login-wasm/server').SpentTickets;
}

// The other files of the code in docs/comparison.md.
declare module '*/cart.js' {
  export const login: import('authress-login-wasm').LoginClient;
  export function addToCart(productId: string): Promise<void>;
}
declare module '*/account-button.jsx' {
  export function AccountButton(): any;
}

// The other files of the applications in docs/frameworks and docs/storefront.md.
declare module '*/login.js' {
  export const login: import('authress-login-wasm').LoginClient;
  /** With Svelte. */
  export const shopper: import('svelte/store').Readable<import('authress-login-wasm').SessionSnapshot>;
}
declare module '*/shop.jsx' {
  export function Shop(): any;
}
declare module '*/routes.js' {
  export const routes: readonly object[];
}
declare module '*/cart-api.mjs' {
  export const cartApi: import('express').Router;
}
declare module '*.vue' {
  const component: object;
  export default component;
}
declare module '*.svelte' {
  const component: object;
  export default component;
}

// As much of the frameworks as the bindings and the examples use; the bindings' own tests use the real ones.
declare module 'react' {
  export type ReactNode = unknown;
  export type FunctionComponent<Properties> = (properties: Properties) => any;
  export interface Context<Value> {
    Provider: FunctionComponent<{ value: Value }>;
  }
  export function createContext<Value>(value: Value): Context<Value>;
  export function createElement(type: unknown, properties: object, ...children: ReactNode[]): any;
  export function useCallback<Call>(call: Call, dependencies: unknown[]): Call;
  export function useContext<Value>(context: Context<Value>): Value;
  export function useSyncExternalStore<Snapshot>(
    subscribe: (listener: () => void) => () => void,
    snapshot: () => Snapshot,
    onServer: () => Snapshot,
  ): Snapshot;
  export function useEffect(effect: () => void, dependencies: unknown[]): void;
  export function useState(initial?: unknown): [any, (value: unknown) => void];
}
declare module 'react-dom/client' {
  export function createRoot(element: Element): { render(element: unknown): void };
}
declare module 'vue' {
  interface Application {
    use(plugin: unknown): Application;
    mount(selector: string): void;
  }
  export function createApp(component: object): Application;
  export interface Plugin {
    install: unknown;
  }
  export interface ShallowRef<Value> {
    value: Value;
  }
  export interface App {
    provide(key: symbol, value: unknown): void;
  }
  export function getCurrentInstance(): object | null;
  export function inject(key: symbol, missing: null): any;
  export function onMounted(hook: () => void): void;
  export function onScopeDispose(hook: () => void): void;
  export function shallowReadonly<Value>(ref: ShallowRef<Value>): Readonly<ShallowRef<Value>>;
  export function shallowRef<Value>(value: Value): ShallowRef<Value>;
}
declare module 'vue-router' {
  export function createWebHistory(): object;
  export function createRouter(options: { history: object; routes: readonly object[] }): object;
}
declare module 'svelte' {
  export function mount(component: object, options: { target: Element }): void;
  export function onMount(hook: () => unknown): void;
}
declare module 'svelte/store' {
  export interface Readable<Value> {
    subscribe(listener: (value: Value) => void): () => void;
  }
  export function readable<Value>(value: Value, start: (set: (value: Value) => void) => () => void): Readable<Value>;
}
declare module '@angular/core' {
  export class DestroyRef {
    onDestroy(hook: () => void): void;
  }
  export function Injectable(options: { providedIn: 'root' }): (target: unknown, context: unknown) => void;
  export function afterNextRender(hook: () => void): void;
  export function computed<Value>(compute: () => Value): () => Value;
  export function inject<Value>(token: abstract new (...values: any) => Value): Value;
  export function signal<Value>(value: Value): (() => Value) & { set(value: Value): void };
}
declare module '@testing-library/react' {
  export function render(element: unknown): void;
  export const screen: {
    getByText(text: string): HTMLElement;
    findByText(text: string): Promise<HTMLElement>;
  };
}
declare module 'vitest' {
  export function expect(value: unknown): { toBe(expected: unknown): void };
  export const test: {
    (name: string, body: () => Promise<void>): void;
    each<Value>(values: readonly Value[]): (name: string, body: (value: Value) => Promise<void>) => void;
  };
  export function beforeAll(hook: () => Promise<void>): void;
  export function afterAll(hook: () => Promise<void>): void;
  export const vi: { mock(name: string, factory: () => Promise<unknown>): void };
}
declare module 'vite' {
  export function createServer(options: {
    server: { port: number };
    define: Record<string, string>;
  }): Promise<{ listen(): Promise<unknown>; close(): Promise<void> }>;
  export function defineConfig(config: (environment: { mode: string }) => object): unknown;
  export function loadEnv(mode: string, folder: string, prefix: string): Record<string, string>;
}
declare module 'playwright' {
  interface Locator {
    click(): Promise<void>;
    waitFor(): Promise<void>;
  }
  export interface Page {
    goto(url: string): Promise<unknown>;
    close(): Promise<void>;
    getByRole(role: string, options?: { name: string }): Locator;
    getByText(text: string): Locator;
    getByTestId(id: string): Locator;
  }
  export const chromium: { launch(): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }> };
}
declare module '@playwright/test' {
  interface Fixtures {
    page: import('playwright').Page;
    request: {
      post(url: string, options: { data: unknown }): Promise<unknown>;
      delete(url: string): Promise<unknown>;
    };
  }
  export function defineConfig(configuration: {
    use: { baseURL: string };
    webServer: { command: string; url: string }[];
  }): unknown;
  export function test(name: string, body: (fixtures: Fixtures) => Promise<void>): void;
  export function expect(value: unknown): { toBeVisible(): Promise<void> };
}
declare module 'next/headers' {
  export function headers(): Promise<Headers>;
}
declare module 'express' {
  type Handler = (request: import('authress-login-wasm/server').ShopperRequest, response: any) => unknown;
  type ErrorHandler = (error: unknown, request: any, response: any, next: (error: unknown) => void) => unknown;
  export interface Router {
    get(path: string, handler: Handler): void;
    post(path: string, handler: Handler): void;
    use(handler: ErrorHandler): void;
    use(handler: object): void;
    use(path: string, handler: object): void;
  }
  interface Application extends Router {
    listen(port: number, host: string, listener: () => void): void;
  }
  interface Express {
    (): Application;
    Router(): Router;
    static(folder: string): object;
  }
  const express: Express;
  export default express;
}
declare module 'node:url' {
  export function fileURLToPath(url: URL): string;
}
declare module 'redis' {
  export function createClient(options: { url: string | undefined; disableOfflineQueue: boolean }): {
    on(event: 'error', listener: (error: Error) => void): void;
    connect(): Promise<unknown>;
    set(key: string, value: string, options: { NX: true; PX: number }): Promise<string | null>;
  };
}

// Of SvelteKit, and the other files of docs/frameworks/sveltekit.md.
declare module '$app/env/public' {
  export const AUTHRESS_API_URL: string;
  export const AUTHRESS_APPLICATION_ID: string;
  export const AUTHRESS_SERVICE_CLIENT: string;
}
declare module '@sveltejs/kit/env' {
  export function defineEnvVars<Variables>(variables: Variables): Variables;
}
declare module '@sveltejs/kit/vite' {
  export function sveltekit(options: object): unknown;
}
declare module '@sveltejs/adapter-node' {
  export default function adapter(): unknown;
}
declare module '*/server/carts.js' {
  export function cartOf(userId: string): Record<string, number>;
}
