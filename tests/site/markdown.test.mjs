// How the repository's Markdown becomes a page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { described } from '../../site/markdown/drawings.mjs';
import { anchorOf, withoutGaps } from '../../site/markdown/headings.mjs';
import { isKnown } from '../../site/markdown/text.mjs';
import { addressOf, allPages } from '../../site/navigation.mjs';
import { addressFor, resolve } from '../../site/repository.mjs';
import { pages, read } from './support.mjs';

test('a link leads to the page of the site, with its anchor', () => {
  assert.deepEqual(resolve('verifier.md#redis-failures', 'docs/runbooks.md'), {
    page: '/verifier.html#redis-failures',
  });
  assert.deepEqual(resolve('../pkg/README.md', 'docs/errors.md'), { page: '/package.html' });
  assert.deepEqual(resolve('../../examples', 'docs/decisions/client.md'), { page: '/examples.html' });
  assert.deepEqual(resolve('#errors', 'docs/server.md'), { other: '#errors' });
  assert.deepEqual(resolve('https://authress.io', 'README.md'), { other: 'https://authress.io' });
});

test('a link to a file without a page names the file', () => {
  const target = resolve('../crates/jws/README.md', 'docs/architecture.md');
  assert.ok('source' in target);
  assert.equal(target.source, 'crates/jws/README.md');
});

test('the address of the repository is the one of the package', () => {
  assert.equal(addressFor(undefined), undefined);
  const expected = 'https://example.com/shop/login';
  assert.equal(addressFor({ url: 'git+https://example.com/shop/login.git' }), expected);
  assert.equal(addressFor(expected), expected);
  assert.equal(addressFor('shop/login'), undefined);
});

test('every page has an address of its own', () => {
  const addresses = allPages().map(({ source }) => addressOf(source));
  assert.equal(new Set(addresses).size, addresses.length);
  assert.equal(addressOf('docs/frameworks/next.md'), 'frameworks/next');
  assert.equal(addressOf('crates/verifier/README.md'), 'crates/verifier');
  assert.equal(addressOf('CODE_OF_CONDUCT.md'), 'code-of-conduct');
});

test('anchors are those of the forge', () => {
  assert.equal(anchorOf('What the shopper’s “cart” is: `cart_id`'), 'what-the-shoppers-cart-is-cart_id');
  assert.equal(anchorOf('1. Install'), '1-install');
});

test('levels of headings have no gap', () => {
  assert.deepEqual(withoutGaps([1, 2, 4, 6, 4, 2, 3, 6]), [1, 2, 3, 4, 3, 2, 3, 4]);
});

test('HTML of a page is kept, and what only looks like it is text', () => {
  assert.ok(isKnown('<details><summary>'));
  assert.ok(isKnown('<!-- measured: <T> -->'));
  for (const text of ['<T>', '<Cart initial={shopper} />', '</Name>', '<script>']) assert.ok(!isKnown(text), text);
});

test('a drawing has the name and the description that it gives itself', () => {
  const source = 'sequenceDiagram\n  accTitle: A login\n  accDescr: The client\n  A->>B: hello\n';
  assert.deepEqual(described(source), {
    title: 'A login',
    description: 'The client',
    drawing: 'sequenceDiagram\n  A->>B: hello\n',
  });
  assert.equal(described('flowchart LR\n  accDescr {\n two\n lines }\n  a --> b\n').description, 'two lines');
});

test('braces and brackets of the source arrive as they are written', { skip: process.env.PAGE !== undefined }, () => {
  const text = read('frameworks/angular.html').replace(/<[^>]*>/g, '');
  assert.ok(text.includes('{{ shopper.status() }}'));
  assert.ok(pages.every((page) => !read(page).includes('[object Object]')));
});
