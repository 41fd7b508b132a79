// Serves the page as the registry does: wasm/page at /validate/, the built package at /validate/pkg/. Every request is recorded.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const WASM = fileURLToPath(new URL('..', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Starts on a free port of the loopback interface. */
export async function serve() {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    requests.push(`${request.method} ${request.url}`);
    const path = normalize(decodeURIComponent(pathname)).replace(/\/$/, '/index.html');
    const file = path.startsWith('/validate/pkg/')
      ? join(WASM, 'pkg', path.slice('/validate/pkg/'.length))
      : path.startsWith('/validate/') ? join(WASM, 'page', path.slice('/validate/'.length)) : null;
    const found = file && (await stat(file).catch(() => null));
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Length': found.size, 'Cache-Control': 'no-cache' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { page: `${origin}/validate/`, origin, requests, close };
}
