// node report.mjs FILE… [--standard REF] [--out FOLDER]: checks files in the page, as a person would.
// One file's downloaded report goes to stdout; with --out, each file's goes to FOLDER/<name>.report.json, all from one browser.
// Ends with 0 when every report came, whatever it says; with 2 and a sentence on stderr when one did not.

import { realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

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

async function main(words) {
  const { values, positionals: files } = parseArgs({
    args: words, allowPositionals: true, options: { standard: { type: 'string' }, out: { type: 'string' } },
  });
  if (files.length === 0 || (files.length > 1 && !values.out)) throw new Error('usage: node report.mjs FILE… [--standard REF] [--out FOLDER]');
  const server = await serve();
  const browser = await launch();
  try {
    for (const file of files) {
      const { page } = await open(browser.context, server.page);
      const bytes = await reportOf(page, file, values.standard);
      await page.close();
      if (values.out) await writeFile(join(values.out, `${basename(file)}.report.json`), bytes);
      else await new Promise((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  });
}
