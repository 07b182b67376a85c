// The Kubernetes objects of deploy/kubernetes, as Kustomize builds them, have the members of Kubernetes' API. A cluster may
// silently drop a misspelt member.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

import { kubernetesFaults } from '../documents/checks/kubernetes.mjs';

const workspace = fileURLToPath(new URL('../..', import.meta.url));

/** @param {unknown[]} manifests */
const faults = async (manifests) => (await Promise.all(manifests.map(kubernetesFaults))).flat();

/**
 * The objects that a kustomization builds, or nothing where kubectl is not installed.
 * @param {string} name
 */
function objects(name) {
  const kubectl = spawnSync('kubectl', ['kustomize', join(workspace, 'deploy/kubernetes', name)], { encoding: 'utf8' });
  if (kubectl.error) return undefined;
  assert.equal(kubectl.status, 0, kubectl.stderr);
  return parseAllDocuments(kubectl.stdout).map((document) => document.toJS());
}

for (const name of ['base', 'overlays/production']) {
  const manifests = objects(name);
  test(`${name} has the members of Kubernetes' API`, { skip: !manifests && 'kubectl is not installed' }, async () => {
    assert.ok((manifests ?? []).length > 8);
    assert.deepEqual(await faults(manifests ?? []), []);
  });
}

test('mistakes are found', async () => {
  const deployment = (/** @type {object} */ spec) => ({ apiVersion: 'apps/v1', kind: 'Deployment', spec });
  const template = { spec: { containers: [{ name: 'verifier' }] } };
  assert.deepEqual(await faults([deployment({ selector: {}, template })]), []);
  for (const spec of [
    { selector: {}, template, replica: 3 },
    { selector: {}, template, replicas: '3' },
    { template },
    { selector: {}, template: { spec: { containers: [{ name: 'verifier', readinessprobe: {} }] } } },
  ])
    assert.equal((await faults([deployment(spec)])).length, 1, JSON.stringify(spec));
});
