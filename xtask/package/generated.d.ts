// Modules that the build generates, as the sources in pkg/ import them.

declare module 'generated:*';
