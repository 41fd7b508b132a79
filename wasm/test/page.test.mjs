// The page in a real browser: what a person does with it, and what it must never do.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch, open } from './browser.mjs';
import { reportOf } from './report.mjs';
import { showReport } from './sample.mjs';
import { serve } from './serve.mjs';

const HEADER = 'PermitNum,Status,Note';
const SHORT_ROW = `${HEADER}\nP-1,Issued,fine\nP-2,Issued\nP-3,Final,"two\nlines"\n`;
const SAMPLE = await readFile(new URL('sample-report.json', import.meta.url), 'utf8');
const AXE = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

let server, browser, folder;

before(async () => {
  server = await serve();
  browser = await launch();
  folder = await mkdtemp(join(tmpdir(), 'concord-files-'));
});

after(async () => {
  await browser?.close();
  await server?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function file(name, content) {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A file whose check takes long enough to look at and to stop. */
const large = (() => {
  let made;
  return () => (made ??= file('large.csv', `${HEADER}\n${'P-1000,Issued,"a note, with a comma"\n'.repeat(4_000_000)}`));
})();

async function withPage(work, context = browser.context) {
  const { page, complaints } = await open(context, server.page);
  try {
    await work(page);
    assert.deepEqual(complaints, [], 'the console stays empty');
  } finally {
    await page.close();
  }
}

function dropFile(page, name, content, times = 1) {
  return page.evaluate(([name, content, times]) => {
    const carried = new DataTransfer();
    for (let i = 0; i < times; i++) carried.items.add(new File([content], name));
    const drop = (kind) => document.getElementById('drop').dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
    drop('dragenter');
    drop('dragover');
    drop('drop');
  }, [name, content, times]);
}

describe('the page', () => {
  test('loads whole, says that the file stays here, and offers the built-in standards', () => withPage(async (page) => {
    assert.equal(await page.title(), 'Check a data file – Concord');
    assert.match(await page.textContent('#privacy'), /does not leave your computer/);
    const offered = await page.$$eval('#standard option', (options) => options.map((option) => option.value));
    const builtIn = await page.evaluate(async () => (await import('./pkg/index.js')).standards());
    assert.deepEqual([...offered].sort(), ['', ...builtIn.map((one) => one.reference)].sort());
  }));

  test('shows the verdict on a file that is dropped', () => withPage(async (page) => {
    await dropFile(page, 'permits.csv', SHORT_ROW);
    await page.waitForSelector('#verdict');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'verdict', 'the verdict is read aloud');
    const report = JSON.parse(await saved(page));
    assert.equal(await page.textContent('#verdict'), report.verdict);
    assert.equal(report.valid, false);
    assert.equal(report.files[0].name, 'permits.csv');
    assert.equal(await page.locator('.causes tbody tr').count(), report.causes.length);
    assert.equal(await page.locator('.findings tbody tr').count(), report.findings.length);
    assert.equal(await page.textContent('#status'), report.verdict);
  }));

  test('takes one file at a time', () => withPage(async (page) => {
    await dropFile(page, 'permits.csv', SHORT_ROW, 2);
    assert.match(await page.textContent('#failure'), /one file at a time/);
    await dropFile(page, 'permits.csv', SHORT_ROW);
    await page.waitForSelector('#verdict');
    assert.equal(await page.isVisible('#failure'), false);
  }));

  test('saves the very bytes that the validator gave, whatever is in the file', () => withPage(async (page) => {
    const path = await file('bytes.csv', Buffer.concat([Buffer.from(`\ufeff${HEADER}\nÅse,\u{1f3e0}\n`), Buffer.from([0xff, 0xfe, 0x00, 0x0a])]));
    const bytes = await reportOf(page, path);
    const direct = await page.evaluate(async (content) => {
      const { validate } = await import('./pkg/index.js');
      return validate(new File([new Uint8Array(content)], 'bytes.csv'));
    }, [...(await readFile(path))]);
    assert.equal(bytes.toString('utf8'), direct);
    const digest = createHash('sha256').update(await readFile(path)).digest('hex');
    assert.equal(JSON.parse(bytes).files[0].digest, `sha256:${digest}`);
  }));

  test('can be used with the keyboard alone', () => withPage(async (page) => {
    const path = await file('keys.csv', SHORT_ROW);
    const focused = () => page.evaluate(() => document.activeElement.id);
    // Asked for well before the key: a dialogue that opens before the driver intercepts it is never seen.
    const choosing = page.waitForEvent('filechooser');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'file');
    const outline = await page.$eval('label[for=file]', (label) => getComputedStyle(label).outlineStyle);
    assert.equal(outline, 'solid', 'the button shows the focus of its field');
    await page.keyboard.press('Enter');
    await (await choosing).setFiles(path);
    await page.waitForSelector('#verdict');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'save');
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    assert.equal(download.suggestedFilename(), 'keys.report.json');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await focused(), 'standard');
  }));

  test('stops when asked to, and checks the next file', () => withPage(async (page) => {
    await page.setInputFiles('#file', await large());
    await page.waitForFunction(() => document.getElementById('bar').value > 0);
    assert.match(await page.textContent('#progress-share'), /^\d+ %$/);
    const started = Date.now();
    await page.click('#cancel');
    await page.waitForSelector('#progress', { state: 'hidden' });
    assert.ok(Date.now() - started < 2000, 'a stop is prompt');
    assert.match(await page.textContent('#status'), /^Stopped/);
    assert.equal(await page.isVisible('#verdict'), false);
    await page.setInputFiles('#file', await file('next.csv', SHORT_ROW));
    await page.waitForSelector('#verdict');
    assert.match(await page.textContent('.facts'), /next\.csv/);
  }));

  test('a newer file takes the place of the one that is checked', () => withPage(async (page) => {
    await page.setInputFiles('#file', await large());
    await page.waitForFunction(() => document.getElementById('bar').value > 0);
    await dropFile(page, 'newer.csv', SHORT_ROW);
    await page.waitForSelector('#verdict');
    assert.match(await page.textContent('.facts'), /newer\.csv/);
    assert.equal(await page.isVisible('#progress'), false);
  }));
});

describe('while a file is held', () => {
  // The browser itself, not the page, looks a second after a visit whether the service worker has a newer version.
  const since = (before) => server.requests.slice(before).filter((request) => request !== 'GET /validate/sw.js');

  test('nothing is requested, and the browser refuses the page every connection', async () => {
    const { page } = await open(browser.context, server.page);
    try {
      const asked = [];
      page.on('request', (request) => !request.url().startsWith('blob:') && asked.push(request.url()));
      const before = server.requests.length;
      await page.setInputFiles('#file', await large());
      await page.waitForSelector('#verdict', { timeout: 120_000 });
      await saved(page);
      assert.deepEqual(asked, []);
      assert.deepEqual(since(before), []);

      // The test is worth nothing if a request could go unseen: these are made on purpose, and must all fail.
      const tries = await page.evaluate(async () => {
        const outcome = {};
        const refused = [];
        document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
        outcome.fetch = await fetch('style.css?leak').then(() => 'went out', () => 'refused');
        outcome.beacon = await new Promise((resolve) => {
          navigator.sendBeacon('?leak', 'x');
          setTimeout(() => resolve(refused.includes('connect-src') ? 'refused' : 'went out'), 200);
        });
        outcome.image = await new Promise((resolve) => {
          const image = new Image();
          image.onload = () => resolve('went out');
          image.onerror = () => resolve('refused');
          image.src = 'icon.svg?leak';
        });
        return outcome;
      });
      assert.deepEqual(tries, { fetch: 'refused', beacon: 'refused', image: 'refused' });
      assert.deepEqual(since(before), []);
    } finally {
      await page.close();
    }
  });

  test('the same request goes out before there is a file', () => withPage(async (page) => {
    const before = server.requests.length;
    assert.equal(await page.evaluate(() => fetch('style.css?probe').then((response) => response.status)), 200);
    assert.ok(server.requests.length > before);
  }));

  test('the worker has nothing left to send with', () => withPage(async (page) => {
    const [worker] = page.workers();
    const left = await worker.evaluate(() => ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'importScripts'].filter((name) => self[name] !== undefined));
    assert.deepEqual(left, []);
  }));
});

describe('a report', () => {
  test('is shown as text, with cells named as the spreadsheet names them', () => withPage(async (page) => {
    await showReport(page, SAMPLE);
    const refs = await page.$$eval('.findings .ref', (refs) => refs.map((ref) => ref.textContent));
    assert.deepEqual(refs, ['Whole file', 'I14', 'I15', 'AB201', 'I977', 'AC1', 'Line 26, /permits/3/status']);
    assert.equal(await page.locator('.findings img, .facts b').count(), 0, 'nothing of the file becomes markup');
    const fixes = await page.$$eval('.findings tbody tr', (rows) => rows.map((row) => row.lastElementChild.textContent));
    assert.equal(fixes[1], 'Issued');
    assert.equal(fixes[2], 'Issued safe to replace');
    assert.equal(fixes[3], '2026-03-052026-05-03', 'both readings');
    assert.deepEqual(await page.$$eval('.causes tbody tr:first-child > *', (cells) => cells.slice(1).map((cell) => cell.textContent)),
      ['I StatusCurrent', '40', '14', 'Use one of the words of the list, spelt as it is there.']);
    await page.selectOption('#only', { index: 1 });
    assert.deepEqual(await page.$$eval('.findings .ref', (refs) => refs.map((ref) => ref.textContent)), ['I14', 'I15', 'I977']);
  }));

  test('lists long results in parts', () => withPage(async (page) => {
    const report = JSON.parse(SAMPLE);
    report.findings = Array.from({ length: 250 }, (_, at) => ({ ...report.findings[1], row: at + 2 }));
    await showReport(page, JSON.stringify(report));
    const listed = () => page.locator('.findings tbody tr').count();
    assert.equal(await listed(), 100);
    await page.click('#more');
    await page.click('#more');
    assert.equal(await listed(), 250);
    assert.equal(await page.isVisible('#more'), false);
  }));

  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1200, 320]) {
      test(`meets WCAG 2.2 AA and fits: ${colorScheme}, ${width} px`, () => withPage(async (page) => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 800 });
        await showReport(page, SAMPLE);
        await page.evaluate(() => document.querySelector('details').setAttribute('open', ''));
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, 'no sideways scrolling');
        const offenders = await page.evaluate(() => [...document.querySelectorAll('body *')]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.visually-hidden, thead'))
          .map((one) => one.outerHTML.slice(0, 80)));
        assert.deepEqual(offenders, [], 'nothing is cut off');
        await page.evaluate(AXE);
        const found = await page.evaluate(async () => {
          const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
          const { violations, passes } = await window.axe.run(document, { runOnly: tags });
          return { violations: violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`), passes: passes.map((one) => one.id) };
        });
        assert.deepEqual(found.violations, []);
        assert.ok(found.passes.includes('color-contrast'), 'contrast was really measured');
      }));
    }
  }
});

test('works without a connection once it has been opened', async () => {
  const own = await serve();
  const fresh = await launch();
  try {
    const { page } = await open(fresh.context, own.page);
    await page.close();
    await own.close();
    const again = await open(fresh.context, own.page);
    await again.page.setInputFiles('#file', await file('offline.csv', SHORT_ROW));
    await again.page.waitForSelector('#verdict');
    assert.match(await again.page.textContent('.facts'), /offline\.csv/);
  } finally {
    await fresh.close();
  }
});

async function saved(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  return readFile(await download.path(), 'utf8');
}
