// The validator's worker: reads a Blob in slices and pushes them into the module, one job after the other.

import { initSync, Validator, detect, standards } from './concord_wasm.js';

/** Bytes per slice: large enough that reading costs little, small enough that a stop is prompt and memory stays constant. */
const SLICE = 1 << 20;
/** Least time between two progress messages, in milliseconds. */
const PROGRESS_EVERY = 100;

const aborted = new Set();
let queue = Promise.resolve();

/** Takes away what could send anything from here. The page's own policy does not reach into a worker. */
function forbidNetwork() {
  const ways = ['fetch', 'XMLHttpRequest', 'WebSocket', 'WebSocketStream', 'EventSource', 'WebTransport', 'importScripts', 'Worker', 'BroadcastChannel'];
  for (const name of ways) {
    if (name in self) Object.defineProperty(self, name, { value: undefined, writable: false, configurable: false });
  }
}

class Aborted extends Error {}

async function read(blob, from) {
  try {
    return new Uint8Array(await blob.slice(from, from + SLICE).arrayBuffer());
  } catch {
    throw new Error('The file can no longer be read; it may have been changed, moved or closed. Choose it again.');
  }
}

async function validate({ id, blob, standard, schema, fileName }) {
  const validator = new Validator({ standard, schema, fileName });
  let finished = false;
  try {
    let told = 0;
    let next = read(blob, 0);
    for (let at = 0; at < blob.size; at += SLICE) {
      const block = await next;
      if (aborted.has(id)) throw new Aborted();
      // The next slice is fetched while this one is checked.
      next = at + SLICE < blob.size ? read(blob, at + SLICE) : null;
      next?.catch(() => {});
      validator.push(block);
      const now = performance.now();
      if (now - told > PROGRESS_EVERY) {
        told = now;
        postMessage({ kind: 'progress', id, read: at + block.length, size: blob.size });
      }
    }
    // A turn of the event loop, so that a stop sent during the last block is seen.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (aborted.has(id)) throw new Aborted();
    finished = true;
    return validator.finish();
  } finally {
    if (!finished) validator.free();
  }
}

async function recognise({ blob, fileName }) {
  return detect(new Uint8Array(await blob.arrayBuffer()), fileName);
}

async function answer(job) {
  const { id } = job;
  try {
    if (aborted.has(id)) return;
    const text = await (job.kind === 'validate' ? validate(job) : recognise(job));
    postMessage({ kind: 'done', id, text });
  } catch (error) {
    if (error instanceof Aborted) return;
    const trapped = error instanceof WebAssembly.RuntimeError;
    const message = trapped ? 'The check stopped at a fault of its own. Please report this file to the makers of Concord.' : error.message;
    postMessage({ kind: 'failed', id, message, trapped });
  } finally {
    aborted.delete(id);
  }
}

self.onmessage = ({ data }) => {
  if (data.kind === 'start') {
    try {
      initSync({ module: data.module });
      forbidNetwork();
      postMessage({ kind: 'ready', standards: standards() });
    } catch (error) {
      postMessage({ kind: 'broken', message: error.message });
    }
  } else if (data.kind === 'abort') {
    aborted.add(data.id);
  } else {
    queue = queue.then(() => answer(data));
  }
};
