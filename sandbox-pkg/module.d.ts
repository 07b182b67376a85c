// The generated glue exists only after a build: TypeScript looks here before. src/glue.d.ts has its types.
declare module '*/dist/authress_sandbox.js' {
  export function glue(): unknown;
}
