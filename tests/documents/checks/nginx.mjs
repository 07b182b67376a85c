// Settings of nginx: `nginx -t` accepts them, in the context that their first directive belongs to.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inFolder, isInstalled, run } from './tool.mjs';

/** @import { Block } from '../pages.mjs' */

const OF_MAIN = new Set([
  'events',
  'http',
  'stream',
  'user',
  'worker_processes',
  'pid',
  'load_module',
  'daemon',
  'env',
]);
const OF_HTTP = new Set([
  'geo',
  'limit_conn_zone',
  'limit_req_zone',
  'log_format',
  'map',
  'proxy_cache_path',
  'server',
  'split_clients',
  'upstream',
]);

/**
 * A whole configuration with the block in it.
 * @param {string} code
 * @param {string} folder
 */
function configuration(code, folder) {
  const [, first = ''] = /^\s*(?:#.*\n\s*)*(\w+)/.exec(code) ?? [];
  let sockets = 0;
  const site = code
    .replaceAll('/var/log/nginx/', `${folder}/`)
    // A test of the configuration opens the sockets, and reads the certificates, which this machine does not have.
    .replace(/\blisten [^;]*;/g, () => {
      sockets += 1;
      return `listen unix:${folder}/${sockets}.sock;`;
    })
    .replace(/^(\s*)ssl_certificate(?:_key)? [^;]*;/gm, '$1');
  const defined = new Set([...code.matchAll(/\bupstream (\S+) *\{/g)].map(([, name]) => name));
  const hosts = [...code.matchAll(/\b(?:proxy|grpc)_pass \w+:\/\/([\w.-]*[a-zA-Z][\w.-]*)/g)].map(([, name]) => name);
  // Those of another block, or names that only the reader's network knows.
  const others = [...new Set(hosts)].filter((name) => !defined.has(name) && name !== 'localhost');
  const upstreams = others.map((name) => `upstream ${name} { server 127.0.0.1:9; }`).join(' ');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const head = `pid ${folder}/pid; error_log stderr;`;
  if (OF_MAIN.has(first)) return site;
  const http = OF_HTTP.has(first) ? [`${upstreams}`, '\n'] : [`${upstreams} server {`, '\n}'];
  // The block begins in the second line.
  return `${head} events {} http { ${paths.join(' ')} access_log off; ${http[0]}\n${site}${http[1]}}\n`;
}

/** @param {Block} block */
export function nginxFaults({ code, line }) {
  if (!isInstalled('nginx')) return [];
  return inFolder((folder) => {
    const file = join(folder, 'nginx.conf');
    const text = configuration(code, folder);
    writeFileSync(file, text);
    const { status, stderr } = run('nginx', ['-t', '-q', '-e', 'stderr', '-p', folder, '-c', file]);
    if (status === 0) return [];
    const above = text === code ? 0 : 1;
    const faults = [...stderr.matchAll(/\[(?:emerg|alert|crit)\] (?:\d+#\d+: )?(.*?)(?: in \S+:(\d+))?$/gm)];
    return faults.map(([, message, at]) => (at ? `line ${line + Number(at) - above}: ${message}` : message));
  });
}
