// The Kubernetes objects of deploy/kubernetes, as Kustomize builds them, have the members of Kubernetes' API. A cluster may
// silently drop a misspelt member.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

test('the proxy of the overlay follows the rules of deploy/nginx.conf', (context) => {
  const [base, overlay] = [objects('base'), objects('overlays/production')];
  if (!base || !overlay) return context.skip('kubectl is not installed');
  /**
   * @param {any[]} manifests
   * @param {string} kind
   * @param {string} name
   */
  const find = (manifests, kind, name) =>
    manifests.find((object) => object.kind === kind && object.metadata.name === name);
  const { metadata, spec } = find(overlay, 'Ingress', 'authress-verifier');
  // Its project is archived, and gets no security fixes.
  assert.notEqual(spec.ingressClassName, 'nginx');
  const option = (/** @type {string} */ name) => metadata.annotations[`traefik.ingress.kubernetes.io/router.${name}`];
  for (const signal of ['accesslogs', 'tracing']) assert.equal(option(`observability.${signal}`), 'false');

  const limit = overlay.find(({ kind }) => kind === 'Middleware');
  assert.equal(option('middlewares'), `${limit.metadata.namespace}-${limit.metadata.name}@kubernetescrd`);
  const nginx = readFileSync(join(workspace, 'deploy/nginx.conf'), 'utf8');
  assert.equal(limit.spec.inFlightReq.amount, Number(/limit_conn verifier_connections (\d+);/.exec(nginx)?.[1]));
  // By default it counts all requests to a host together.
  assert.deepEqual(limit.spec.inFlightReq.sourceCriterion, { ipStrategy: { depth: 0 } });

  /** @param {any[]} manifests */
  const namespace = (manifests) => {
    const [{ from }] = find(manifests, 'NetworkPolicy', 'authress-verifier').spec.ingress;
    return from[0].namespaceSelector.matchLabels['kubernetes.io/metadata.name'];
  };
  assert.equal(namespace(overlay), 'traefik');
  // No namespace can have this name: a base without an overlay lets no one in.
  assert.doesNotMatch(namespace(base), /^[a-z0-9-]+$/);
});

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
