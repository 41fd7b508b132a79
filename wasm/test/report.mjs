// node report.mjs FILE [--standard REF]: checks a file in the page, as a person would, and writes the downloaded report to stdout.
// Ends with 0 when the report came, whatever it says; with 2 and a sentence on stderr when it did not.

import { readFile } from 'node:fs/promises';

import { launch, open } from './browser.mjs';
import { serve } from './serve.mjs';

/** The bytes of the report that the page gives for a file. */
export async function reportOf(page, file, standard) {
  if (standard) await page.selectOption('#standard', standard);
  await page.setInputFiles('#file', file);
  await page.waitForSelector('#verdict, #failure:not([hidden])', { timeout: 600_000 });
  if (await page.isVisible('#failure')) throw new Error(await page.textContent('#failure'));
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  return readFile(await download.path());
}

async function main([file, ...options]) {
  const known = options.length === 0 || (options.length === 2 && options[0] === '--standard');
  if (!file || !known) throw new Error('usage: node report.mjs FILE [--standard REF]');
  const server = await serve();
  const browser = await launch();
  try {
    const { page } = await open(browser.context, server.page);
    const bytes = await reportOf(page, file, options[1]);
    await new Promise((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));
  } finally {
    await browser.close();
    await server.close();
  }
}

if (import.meta.main ?? process.argv[1] === new URL(import.meta.url).pathname) {
  main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  });
}
