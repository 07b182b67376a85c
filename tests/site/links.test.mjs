// What the built files say without a browser: every link and anchor of the site leads somewhere, and nothing is loaded from
// another host.

import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';

import { filesOfRepository, mistakes } from '../../site/prepare.mjs';
import { base, output } from '../../site/settings.mjs';
import { pages, read } from './support.mjs';

/** @param {string} html */
const decoded = (html) => html.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/**
 * The values of an attribute.
 * @param {string} html
 * @param {string} name
 */
const values = (html, name) =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value]) => decoded(value));

/** @type {Map<string, Set<string>>} */
const anchors = new Map();
/** @param {string} file */
function anchorsOf(file) {
  let known = anchors.get(file);
  if (known === undefined) {
    known = new Set(values(read(file), 'id'));
    anchors.set(file, known);
  }
  return known;
}

/**
 * @param {string} file
 * @returns {string[]}
 */
function brokenLinks(file) {
  return values(read(file), 'href').flatMap((href) => {
    if (/^(https?|mailto):/.test(href)) return [];
    const [path, anchor] = href.split('#');
    const absolute = path === '' ? `${base}${file}` : posix.join(posix.dirname(`${base}${file}`), path);
    const target = path.startsWith('/') ? path : absolute;
    if (!target.startsWith(base)) return [`${href}: without the path of the site`];
    let found = decodeURI(target.slice(base.length)) || 'index.html';
    if (found.endsWith('/')) found += 'index.html';
    if (!existsSync(join(output, found)) || !statSync(join(output, found)).isFile()) return [`${href}: no such file`];
    if (anchor === undefined || anchor === '' || !found.endsWith('.html')) return [];
    return anchorsOf(found).has(decodeURIComponent(anchor)) ? [] : [`${href}: no such anchor`];
  });
}

for (const file of pages) {
  test(`the links of ${file} lead somewhere`, () => assert.deepEqual(brokenLinks(file), []));
}

test('no page loads anything from another host', () => {
  const loading =
    /<(?:script|img|link|iframe|source|audio|video|object|embed)\b[^>]*\s(?:src|href|srcset|data)="(?:https?:)?\/\//g;
  for (const file of pages) {
    const html = read(file);
    assert.deepEqual(html.match(loading) ?? [], [], file);
    assert.deepEqual(html.match(/@import|url\((?:["'])?(?:https?:)?\/\//g) ?? [], [], file);
  }
});

test('the pages have titles and languages of their own', () => {
  const titles = pages.map((file) => /<title>([^<]*)<\/title>/.exec(read(file))?.[1]);
  assert.deepEqual(
    titles.filter((title, place) => titles.indexOf(title) !== place),
    [],
  );
  for (const file of pages) assert.match(read(file), /<html lang="en"/, file);
});

test('the navigation and the files agree', () => {
  const files = filesOfRepository();
  assert.deepEqual(mistakes(files), []);
  assert.equal(mistakes([...files, 'docs/forgotten.md']).length, 1);
  assert.equal(mistakes(files.filter((file) => file !== 'docs/errors.md')).length, 1);
});
