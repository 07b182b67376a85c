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
  type Request = (login: import('authress-login-wasm').LoginClient) => Promise<object | null>;
  export const addMug: Request;
  export const loadCart: Request;
  export const resume: Request;
}
declare module '*/carts.js' {
  export const PRODUCTS: string[];
  export function cartOf(userId: string): object;
  export function addToCart(userId: string, product: string): object;
}

declare module 'next/server' {
  export const NextResponse: { next(options: { request: { headers: Headers } }): Response };
}

// React Router.
declare module 'react-router' {
  export const Links: () => any;
  export const Outlet: () => any;
  export const Scripts: () => any;
  export const ServerRouter: (properties: { context: object; url: string; nonce: string }) => any;
  export function useFetcher(): {
    data: any;
    submit(target: null, options: { method: string; action: string }): Promise<void>;
  };
  export function useNavigate(): (
    address: { search: string; hash: string },
    options: { replace: boolean },
  ) => Promise<void>;
  export function useRevalidator(): { revalidate(): Promise<void> };
}
declare module 'react-dom/server' {
  export function renderToReadableStream(element: unknown, options: { nonce: string }): Promise<ReadableStream>;
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
declare function defineNitroPlugin(
  plugin: (application: {
    hooks: {
      hook(
        name: 'render:html',
        listener: (html: { head: string[]; bodyAppend: string[] }, context: { event: object }) => void,
      ): void;
    };
  }) => void,
): unknown;
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
declare function setResponseHeader(event: object, name: string, value: string): void;
declare function useRouter(): {
  currentRoute: { value: { path: string; fullPath: string } };
  replace(address: string): Promise<unknown>;
};
declare function useCart(): {
  shopper: import('vue').ShallowRef<import('authress-login-wasm/vue').Shopper>;
  count: any;
  hasFailed: any;
  addMug(): Promise<object | null>;
  signIn(): Promise<object | null>;
  update(request: () => Promise<unknown>): void;
};
declare function useRuntimeConfig(event?: object): { app: { baseURL: string }; public: Record<string, any> };
declare function watch<Value>(source: { readonly value: Value }, callback: (value: Value) => void): void;
