// What the site's scripts use of its npm packages: their types are checked also where the packages are not installed.

declare module 'vitepress' {
  export function build(folder: string): Promise<void>;
}
