// The Kubernetes objects of deploy/kubernetes have the members that Kubernetes' API has, by the types that its OpenAPI document
// is translated to. TypeScript refuses a misspelt member of an object literal, which a cluster may silently drop.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(workspace, 'tests/node_modules');
const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
after(() => rmSync(folder, { recursive: true }));

/** @typedef {{apiVersion: string, kind: string, spec?: any}} Manifest */

/** The module of `kubernetes-types` for a version of the API, such as `apps/v1`. @param {string} apiVersion */
const moduleOf = (apiVersion) =>
  apiVersion === 'v1' ? 'core/v1' : apiVersion.replace('.k8s.io', '').replace('rbac.authorization', 'rbac');

/**
 * What TypeScript says about the objects.
 * @param {Manifest[]} manifests
 */
function complaints(manifests) {
  const lines = manifests.map(({ apiVersion, kind, ...rest }, index) => {
    const object = JSON.stringify({ apiVersion, kind, ...rest });
    return `export const object${index}: import('kubernetes-types/${moduleOf(apiVersion)}').${kind} = ${object};`;
  });
  const file = join(folder, 'objects.ts');
  writeFileSync(file, lines.join('\n'));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: [],
        module: 'esnext',
        moduleResolution: 'bundler',
        paths: { 'kubernetes-types/*': [join(modules, 'kubernetes-types/*')] },
      },
      files: [file],
    }),
  );
  const tsc = join(modules, 'typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', folder], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}

/**
 * The objects that a kustomization builds, or nothing where kubectl is not installed.
 * @param {string} name
 */
function objects(name) {
  const kubectl = spawnSync('kubectl', ['kustomize', join(workspace, 'deploy/kubernetes', name)], { encoding: 'utf8' });
  if (kubectl.error) return undefined;
  assert.equal(kubectl.status, 0, kubectl.stderr);
  return parseAllDocuments(kubectl.stdout).map((document) => /** @type {Manifest} */ (document.toJS()));
}

for (const name of ['base', 'overlays/production']) {
  const manifests = objects(name);
  test(`${name} has the members of Kubernetes' API`, { skip: !manifests && 'kubectl is not installed' }, () => {
    // The objects of operators are in no version of Kubernetes.
    const own = (manifests ?? []).filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.coreos.com'));
    assert.ok(own.length > 8);
    assert.deepEqual(complaints(own), []);
  });
}

test('mistakes are found', () => {
  const deployment = (/** @type {object} */ spec) => ({ apiVersion: 'apps/v1', kind: 'Deployment', spec });
  const template = { spec: { containers: [{ name: 'verifier' }] } };
  const right = deployment({ selector: {}, template });
  const wrong = [
    { selector: {}, template, replica: 3 },
    { selector: {}, template, replicas: '3' },
    { template },
    { selector: {}, template: { spec: { containers: [{ name: 'verifier', readinessprobe: {} }] } } },
  ];
  // Each object has a line of its own.
  const lines = complaints([right, ...wrong.map(deployment)]).map((complaint) => complaint.match(/\((\d+),/)?.[1]);
  assert.deepEqual(lines, ['2', '3', '4', '5']);
});
