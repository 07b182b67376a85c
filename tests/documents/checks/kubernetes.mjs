// Kubernetes objects have the fields and types of the API: the compiler checks them with the types that are generated from
// Kubernetes's own description.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { workspace } from '../pages.mjs';
import { compile } from './scripts.mjs';

/**
 * @param {unknown} document
 * @returns {string[] | Promise<string[]>}
 */
export function kubernetesFaults(document) {
  if (typeof document !== 'object' || document === null || !('kind' in document) || !('apiVersion' in document))
    return [];
  const { apiVersion, kind } = document;
  // The group of built-in APIs is one word or ends with k8s.io: `apps/v1`, `networking.k8s.io/v1`.
  const [group, version] = String(apiVersion).includes('/')
    ? String(apiVersion).split('/')
    : ['core', String(apiVersion)];
  // The types have the first word of it alone.
  const types = `kubernetes-types/${group.split('.')[0]}/${version}`;
  if (!existsSync(join(workspace, 'tests/node_modules', `${types}.d.ts`))) {
    const isExtension = group.includes('.') && !group.endsWith('.k8s.io');
    return isExtension ? [] : [`Kubernetes has no API ${apiVersion}`];
  }
  const code = `const object: import('${types}').${kind} = ${JSON.stringify(document, null, 2)};\nexport { object };`;
  return compile({ page: '', line: 0, extension: 'ts', code }).then((faults) =>
    faults.map((fault) => `${kind}: ${fault.replace(/^line \d+: /, '')}`),
  );
}
