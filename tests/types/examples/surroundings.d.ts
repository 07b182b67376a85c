// What stands around the examples in a storefront: things that they use and that are not what they are about.

declare const login: import('authress-login-wasm').LoginClient;
/** React's root, and Vue's app. */
declare const root: { render(element: unknown): void };
declare const app: { use(plugin: unknown): void };
declare function show(what: import('authress-login-wasm').SessionSnapshot): void;
declare function tell(what: string | undefined): void;
declare function cartOf(userId: string | undefined): Promise<unknown>;
/** On a server: what a request brought. */
declare const token: string;

declare namespace JSX {
  interface IntrinsicElements {
    [name: string]: unknown;
  }
}

declare module '*?url' {
  const url: string;
  export default url;
}

// As much of the frameworks as the bindings and the examples name; the bindings' own tests use the real ones.
declare module 'react' {
  export type ReactNode = unknown;
  export type FunctionComponent<Properties> = (properties: Properties) => any;
  export function useEffect(effect: () => void, dependencies: unknown[]): void;
  export function useState(): [any, (value: unknown) => void];
}
declare module 'vue' {
  export interface Plugin {
    install: unknown;
  }
  export interface ShallowRef<Value> {
    value: Value;
  }
}
declare module 'svelte/store' {
  export interface Readable<Value> {
    subscribe(listener: (value: Value) => void): () => void;
  }
}
declare module 'vitest' {
  export const vi: { mock(name: string, factory: () => Promise<unknown>): void };
}
