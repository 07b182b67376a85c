// A module of its own, so that pages that never ask for it do not download it.
export default async () => (await import('./account.js')).default;
