// The page: takes a file, has it checked in the worker, shows the report.

import { load, validate } from './pkg/index.js';
import { render } from './result.js';

const part = (id) => document.getElementById(id);
const [drop, fileInput, picker, progress, bar, status, failure, result] =
  ['drop', 'file', 'standard', 'progress', 'bar', 'status', 'failure', 'result'].map(part);

/** The file that is held and the check that runs, if any. */
let held = null;
let running = null;
let known = [];

const ready = prepare();

/** Everything the page will ever load is loaded here, before there is a file. */
async function prepare() {
  const kept = keepForOffline();
  const { standards } = await load();
  known = standards;
  fillPicker(standards);
  await kept;
  document.documentElement.dataset.ready = 'yes';
}

/** Resolves when the service worker has its copies, or has failed to, or is slow: being kept is a comfort, not a condition. */
async function keepForOffline() {
  if (!('serviceWorker' in navigator)) return;
  const active = navigator.serviceWorker.register('sw.js').then(() => navigator.serviceWorker.ready);
  const slow = new Promise((resolve) => setTimeout(resolve, 5000));
  await Promise.race([active.catch(() => {}), slow]);
}

/** From here on the browser refuses this page every connection, until it is loaded anew. A policy can be added but not taken back. */
function cutConnections() {
  if (document.documentElement.dataset.connections === 'cut') return;
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "connect-src 'none'; img-src 'none'; form-action 'none'";
  document.head.append(policy);
  document.documentElement.dataset.connections = 'cut';
}

function fillPicker(standards) {
  const tiers = [['national', 'National standards'], ['regional', 'Regional standards'], ['local', 'Layouts of towns and vendors']];
  for (const [tier, title] of tiers) {
    const group = document.createElement('optgroup');
    group.label = title;
    for (const standard of standards.filter((one) => one.tier === tier)) {
      group.append(new Option(`${standard.title} (${standard.version})`, standard.reference));
    }
    if (group.children.length > 0) picker.append(group);
  }
}

/** Tells a screen reader; each sentence replaces the one before. */
function say(words) {
  status.textContent = words;
}

async function check(file) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  failure.hidden = true;
  result.hidden = true;
  result.replaceChildren();
  showProgress(file);
  try {
    await ready;
    cutConnections();
    held = file;
    const text = await validate(file, {
      standard: picker.value || null,
      signal: mine.signal,
      onProgress: ({ read, size }) => mine === running && tell(file, read / size),
    });
    if (mine !== running) return;
    show(file, text);
  } catch (error) {
    if (mine !== running) return;
    if (error.name === 'AbortError') stopped(file);
    else fail(error);
  } finally {
    if (mine === running) {
      running = null;
      progress.hidden = true;
    }
  }
}

let toldQuarter = 0;

function showProgress(file) {
  progress.hidden = false;
  part('progress-name').textContent = `Checking ${file.name}`;
  part('progress-share').textContent = '';
  bar.removeAttribute('value');
  toldQuarter = 0;
  progress.scrollIntoView({ block: 'nearest' });
  say(`Checking ${file.name}.`);
}

function tell(file, share) {
  bar.value = share;
  const percent = Math.floor(share * 100);
  part('progress-share').textContent = `${percent} %`;
  const quarter = Math.floor(share * 4);
  // Every percent would drown a screen reader.
  if (quarter > toldQuarter && quarter < 4) {
    toldQuarter = quarter;
    say(`${quarter * 25} percent of ${file.name} checked.`);
  }
}

function show(file, text) {
  const report = JSON.parse(text);
  render(result, report, { file, text, standards: known });
  result.hidden = false;
  say(report.verdict);
  result.querySelector('h2').focus({ preventScroll: true });
  result.scrollIntoView();
}

function stopped(file) {
  say(`Stopped. ${file.name} was not checked.`);
  fileInput.focus();
}

function fail(error) {
  failure.textContent = error.message;
  failure.hidden = false;
  say('');
}

fileInput.addEventListener('change', () => {
  const [file] = fileInput.files;
  // Cleared, so that choosing the same file again after mending it is a change.
  if (file) check(file).finally(() => (fileInput.value = ''));
});

picker.addEventListener('change', () => {
  if (held) check(held);
});

part('cancel').addEventListener('click', () => running?.abort());

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') running?.abort();
});

// The whole window takes the file: one that misses the zone must not replace the page.
let depth = 0;
const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
document.addEventListener('dragenter', (event) => {
  if (!carriesFile(event)) return;
  depth += 1;
  drop.classList.add('over');
});
document.addEventListener('dragleave', () => {
  depth = Math.max(0, depth - 1);
  if (depth === 0) drop.classList.remove('over');
});
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  depth = 0;
  drop.classList.remove('over');
  const files = event.dataTransfer?.files ?? [];
  if (files.length === 1) check(files[0]);
  else if (files.length > 1) fail(new Error('Please drop one file at a time.'));
});

ready.catch((error) => fail(error));
