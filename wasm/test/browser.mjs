// Starts the installed Chromium with a fresh profile, and opens the page in it.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

function executable() {
  if (process.env.CONCORD_BROWSER) return process.env.CONCORD_BROWSER;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error('no Chromium found: run `cargo xtask setup`, or set CONCORD_BROWSER');
  return found;
}

/** A browser with a profile of its own, which is deleted when it is closed. */
export async function launch(options = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'concord-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable(), headless: true, args: FLAGS, acceptDownloads: true, viewport: { width: 1200, height: 900 }, ...options,
  });
  context.setDefaultTimeout(30_000);
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Opens the page and waits until it has loaded all that it will ever load. Collects what a developer would see in the console. */
export async function open(context, address) {
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(address);
  await page.waitForSelector('html[data-ready=yes]');
  return { page, complaints };
}
