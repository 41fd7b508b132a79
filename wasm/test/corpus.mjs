// Runs a list of cases through the module that the browser loads, and prints the digest of each report: for the test that holds the published
// corpora of JSON Schema and XML Schema against the native engine. usage: node corpus.mjs CASES

import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const pkg = new URL('../pkg/', import.meta.url);
const bindings = await import(new URL('concord_wasm.js', pkg));
const module = new WebAssembly.Module(readFileSync(new URL('concord_wasm_bg.wasm', pkg)));
bindings.initSync({ module });

/** A case's part: its text, or what stands in the file of that path. */
const bytes = (part) => (part.text === undefined ? readFileSync(part.path) : Buffer.from(part.text));

/** The digest of the report; or why there is none. */
function report(one) {
  let validator;
  try {
    const schema = one.schemas.map((part) => ({ name: part.name, text: bytes(part).toString('utf8') }));
    validator = new bindings.Validator({ schema, fileName: one.document.name });
  } catch (error) {
    return `refused: ${error.message}`;
  }
  const whole = bytes(one.document);
  // In two pieces, since a file comes in slices.
  const half = whole.length >> 1;
  validator.push(whole.subarray(0, half));
  validator.push(whole.subarray(half));
  return createHash('sha256').update(validator.finish()).digest('hex');
}

let out = '';
for await (const line of createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Infinity })) {
  let said;
  try {
    said = report(JSON.parse(line));
  } catch (error) {
    said = `broke off: ${error.message}`;
  }
  out += `${said.replaceAll('\n', ' ')}\n`;
  if (out.length > 1 << 16) {
    process.stdout.write(out);
    out = '';
  }
}
process.stdout.write(out);
