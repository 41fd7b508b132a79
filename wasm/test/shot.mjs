// node shot.mjs FOLDER: pictures of the page, light, dark and narrow, empty and with the sample report; for a person to look at.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { launch, open } from './browser.mjs';
import { showReport } from './sample.mjs';
import { serve } from './serve.mjs';

const folder = process.argv[2] ?? '.';
const server = await serve();
const browser = await launch();
const { page } = await open(browser.context, server.page);
const views = [['light', 1200, 'light'], ['dark', 1200, 'dark'], ['narrow', 320, 'light']];
for (const filled of [false, true]) {
  if (filled) await showReport(page, await readFile(new URL('sample-report.json', import.meta.url), 'utf8'));
  for (const [name, width, colorScheme] of views) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: join(folder, `${filled ? 'report' : 'empty'}-${name}.png`), fullPage: true });
  }
}
await browser.close();
await server.close();
