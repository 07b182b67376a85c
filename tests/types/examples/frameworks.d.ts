// What the examples in docs/frameworks use of the frameworks, and of each other. Tests build the same code with the real ones.

interface ImportMeta {
  env: Record<string, any>;
}

declare module '*.css';

declare module 'react' {
  export function startTransition(action: () => void): void;
  export function useActionState(
    action: (state: any, payload: any) => unknown,
    initialState: unknown,
  ): [any, (payload: unknown) => void];
}

// Next.js.
declare module '*/cart.jsx' {
  export function Cart(): any;
}
declare module '*/cart-requests.js' {
  type Request = (login: import('authress-login-wasm').LoginClient, userId?: string) => Promise<object | null>;
  export const addMug: Request;
  export const loadCart: Request;
}
declare module '*/carts.js' {
  export const PRODUCTS: string[];
  export function cartOf(userId: string): object;
  export function addToCart(userId: string, product: string): object;
}

// React Router.
declare module 'react-router' {
  export const Links: () => any;
  export const Outlet: () => any;
  export const Scripts: () => any;
  export function useFetcher(): { submit(target: null, options: { method: string; action: string }): Promise<void> };
  export function useNavigate(): (address: string, options: { replace: boolean }) => Promise<void>;
  export function useRevalidator(): { revalidate(): Promise<void> };
}
declare module '@react-router/dev/routes' {
  export function index(file: string): unknown;
  export function route(path: string, file: string): unknown;
}
declare module '*/login.js' {
  export const login: import('authress-login-wasm').LoginClient;
}
declare module '*/shopper.server.js' {
  export * from '*/shopper.js';
}

// Nuxt, which imports these by itself.
declare const PRODUCTS: string[];
declare function addToCart(userId: string, product: string): object;
declare function computed<Value>(compute: () => Value): { readonly value: Value };
declare function createError(options: { statusCode: number; data: unknown }): Error;
declare function defineNuxtConfig(configuration: Record<string, any>): unknown;
declare function defineNuxtPlugin(
  plugin: (application: {
    hook(name: 'app:mounted', listener: () => unknown): void;
    vueApp: { use(plugin: unknown): void };
  }) => void,
): unknown;
declare function forShopper<Result>(
  request: import('authress-login-wasm/server').ShopperRequest,
  handler: (shopper: import('authress-login-wasm/server').Shopper) => Result,
): Promise<Awaited<Result> | Response>;
declare function getRouterParam(event: object, name: string): any;
declare function onMounted(hook: () => void): void;
declare function ref<Value>(value: Value): { value: any };
declare function useRouter(): { replace(address: string): Promise<unknown> };
declare function useCart(): { cart: any; hasFailed: any; add(): Promise<void> };
declare function useRuntimeConfig(): { public: Record<string, any> };
declare function watch(source: object, callback: () => void, options: { immediate: boolean }): void;
