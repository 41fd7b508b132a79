// The npm package, used by a page of somebody else's: the same engine through the public functions.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { launch, open } from './browser.mjs';
import { serve } from './serve.mjs';

let server, browser, page;

before(async () => {
  server = await serve();
  browser = await launch();
  ({ page } = await open(browser.context, server.page));
});

after(async () => {
  await browser?.close();
  await server?.close();
});

test('a report does not depend on where slices are cut', async () => {
  const reports = await page.evaluate(async () => {
    const { validate } = await import('./pkg/index.js');
    // A row longer than any slice, cut inside a quoted cell and inside a letter of three bytes.
    const text = `a,b\n1,"${'\u20ac'.repeat(900_000)}"\n2\n`;
    const bytes = new TextEncoder().encode(text);
    const whole = new File([bytes], 'x.csv');
    const pieces = new File([bytes.slice(0, 7), bytes.slice(7, 1_000_001), bytes.slice(1_000_001)], 'x.csv');
    return [await validate(whole), await validate(pieces), await validate(new Blob([bytes]), { fileName: 'x.csv' })];
  });
  assert.equal(JSON.parse(reports[0]).counts.error, 1);
  assert.equal(reports[0], reports[1]);
  assert.equal(reports[0], reports[2]);
});

test('progress goes up to the size, and a stop rejects with the signal’s reason', async () => {
  const outcome = await page.evaluate(async () => {
    const { validate } = await import('./pkg/index.js');
    const row = new TextEncoder().encode('1,2\n'.repeat(1 << 20));
    const blob = new Blob(Array(24).fill(row));
    const seen = [];
    await validate(blob, { onProgress: (progress) => seen.push(progress) });
    const stop = new AbortController();
    const reason = await validate(blob, { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) }).catch((error) => error.message);
    const never = await validate(blob, { signal: AbortSignal.abort(new Error('before')) }).catch((error) => error.message);
    return { seen, size: blob.size, reason, never };
  });
  assert.ok(outcome.seen.length > 1);
  assert.ok(outcome.seen.every((one, at) => one.size === outcome.size && one.read <= one.size && (at === 0 || one.read > outcome.seen[at - 1].read)));
  assert.equal(outcome.reason, 'enough');
  assert.equal(outcome.never, 'before');
});

test('checks asked for at once are answered each with its own report', async () => {
  const names = await page.evaluate(async () => {
    const { validate } = await import('./pkg/index.js');
    const reports = await Promise.all(['a.csv', 'b.csv', 'c.csv'].map((name) => validate(new File(['x,y\n1,2\n'], name))));
    return reports.map((report) => JSON.parse(report).files[0].name);
  });
  assert.deepEqual(names, ['a.csv', 'b.csv', 'c.csv']);
});

test('an unknown standard is told in a sentence, and the next check works', async () => {
  const outcome = await page.evaluate(async () => {
    const { validate } = await import('./pkg/index.js');
    const why = await validate(new Blob(['x\n1\n']), { standard: 'no-such-standard@9' }).catch((error) => error.message);
    return { why, next: JSON.parse(await validate(new Blob(['x\n1\n']))).format };
  });
  assert.match(outcome.why, /no-such-standard/);
  assert.equal(outcome.next, 'concord-report/1');
});

test('an empty file gets a report, and a beginning can be recognised', async () => {
  const outcome = await page.evaluate(async () => {
    const { validate, detect } = await import('./pkg/index.js');
    return { empty: JSON.parse(await validate(new File([], 'empty.csv'))), detected: await detect(new File(['x,y\n1,2\n'], 'x.csv')) };
  });
  assert.equal(outcome.empty.files[0].bytes, 0);
  assert.equal(typeof outcome.detected, 'object');
});

test('closing frees the worker, and a later call starts another', async () => {
  const outcome = await page.evaluate(async () => {
    const { validate, close } = await import('./pkg/index.js');
    const stopped = validate(new Blob(['x\n1\n'.repeat(1 << 22)])).catch((error) => error.name);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await close();
    return { stopped: await stopped, next: JSON.parse(await validate(new Blob(['x\n1\n']))).format };
  });
  assert.deepEqual(outcome, { stopped: 'AbortError', next: 'concord-report/1' });
});

test('a worker that fails is replaced, also when the page’s connections are cut', async () => {
  const { page: other } = await open(browser.context, server.page);
  await other.setInputFiles('#file', { name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('x,y\n1,2\n') });
  await other.waitForSelector('#verdict');
  await other.workers()[0].evaluate(() => { setTimeout(() => { throw new Error('a fault'); }); });
  await other.waitForFunction(() => import('./pkg/index.js').then(({ validate }) => validate(new Blob(['x\n1\n']))).then(() => true, () => false));
  await other.setInputFiles('#file', { name: 'again.csv', mimeType: 'text/csv', buffer: Buffer.from('x,y\n1\n') });
  await other.waitForFunction(() => document.querySelector('.facts')?.textContent.includes('again.csv'));
  await other.close();
});

test('what is published is whole, and of the crate’s version', async () => {
  const manifest = JSON.parse(await readFile(new URL('../pkg/package.json', import.meta.url), 'utf8'));
  const cargo = await readFile(new URL('../../Cargo.toml', import.meta.url), 'utf8');
  assert.equal(manifest.version, /^version = "(.+)"$/m.exec(cargo)[1]);
  for (const name of manifest.files) await readFile(new URL(`../pkg/${name}`, import.meta.url));
});
