// @concord/validator: checks a file against a standard in a worker, block by block. The file never leaves the computer.
//
// The only network requests are those of load(): the compiled module, and the worker's two scripts. Nothing is requested afterwards.

/** Size of the files that are read for detect(), in bytes. */
const HEAD = 1 << 20;

let loading = null;
let compiled = null;

/** The worker and the jobs it has not answered yet. Replaced when the module ended in a trap, as its memory cannot be trusted then. */
class Engine {
  constructor(module) {
    this.jobs = new Map();
    this.lastId = 0;
    this.worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.ready = new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data }) => {
        if (data.kind === 'ready') resolve(JSON.parse(data.standards));
        else if (data.kind === 'broken') this.break(new Error(data.message), reject);
        else this.answer(data);
      };
      this.worker.onerror = (event) => {
        event.preventDefault?.();
        this.break(new Error(event.message || 'The checking program could not be started.'), reject);
      };
    });
    this.worker.postMessage({ kind: 'start', module });
  }

  answer({ kind, id, ...rest }) {
    const job = this.jobs.get(id);
    if (!job) return;
    if (kind === 'progress') {
      job.onProgress?.(rest);
      return;
    }
    this.jobs.delete(id);
    if (kind === 'done') job.resolve(rest.text);
    else job.reject(new Error(rest.message));
    if (rest.trapped) this.break(new Error(rest.message), () => {});
  }

  break(error, reject) {
    reject(error);
    for (const job of this.jobs.values()) job.reject(error);
    this.jobs.clear();
    this.worker.terminate();
    loading = null;
  }

  run(message, { onProgress, signal } = {}) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const id = ++this.lastId;
      const stop = () => {
        this.jobs.delete(id);
        this.worker.postMessage({ kind: 'abort', id });
        reject(signal.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
      const settled = (then) => (value) => {
        signal?.removeEventListener('abort', stop);
        then(value);
      };
      this.jobs.set(id, { resolve: settled(resolve), reject: settled(reject), onProgress });
      this.worker.postMessage({ ...message, id });
    });
  }
}

async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The checking program could not be loaded (status ${response.status}).`);
  const type = response.headers.get('Content-Type') ?? '';
  return type.startsWith('application/wasm') ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

async function start(options) {
  compiled ??= options?.module ?? (await compile(options?.url ?? new URL('./concord_wasm_bg.wasm', import.meta.url)));
  const engine = new Engine(compiled);
  return { engine, standards: await engine.ready };
}

/** Loads and starts the validator. Later calls give the same one. */
export async function load(options) {
  loading ??= start(options);
  try {
    const { standards } = await loading;
    return { standards };
  } catch (error) {
    loading = null;
    throw error;
  }
}

async function engine() {
  await load();
  return (await loading).engine;
}

/** The standards that are built in. */
export async function standards() {
  return (await load()).standards;
}

/** Checks a file. Resolves to the report's JSON text, byte for byte what the command line writes. */
export async function validate(blob, { standard = null, schema = null, fileName = blob.name ?? 'file', onProgress, signal } = {}) {
  signal?.throwIfAborted();
  const running = await engine();
  return running.run({ kind: 'validate', blob, standard, schema, fileName }, { onProgress, signal });
}

/** Says which standards a file looks like, from its beginning. */
export async function detect(blob, { fileName = blob.name ?? 'file', signal } = {}) {
  signal?.throwIfAborted();
  const running = await engine();
  return JSON.parse(await running.run({ kind: 'detect', blob: blob.slice(0, HEAD), fileName }, { signal }));
}

/** Ends the worker and frees its memory. The next call starts a new one without loading anything but its scripts. */
export async function close() {
  if (!loading) return;
  const { engine: running } = await loading;
  running.break(new DOMException('The validator was closed.', 'AbortError'), () => {});
}
