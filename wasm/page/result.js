// Shows a report. Every word of the file goes in as text, never as markup.

const PER_PAGE = 100;
const SEVERITY = { error: 'Must mend', warning: 'Should mend', info: 'Note' };

/** An element with attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

const number = (value) => Number(value ?? 0).toLocaleString('en-US');
const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** Fills `place` with the report. `text` is the report as it came, for the download; `standards` gives the standards' titles. */
export function render(place, report, { file, text, standards = [] }) {
  place.replaceChildren(...[
    verdict(report, standards),
    actions(file, text),
    causes(report),
    findings(report),
    coverage(report),
  ].filter(Boolean));
}

function verdict(report, standards) {
  const state = !report.valid ? 'bad' : report.counts.warning > 0 ? 'fair' : 'good';
  const read = report.files[0];
  const against = report.standard ? `Checked against ${standardName(report.standard, standards)}` : 'Checked without a standard';
  const facts = [read?.name, read && count(read.records, 'row'), against].filter(Boolean).join(' · ');
  return el('section', { class: `verdict ${state}`, 'aria-labelledby': 'verdict' },
    el('h2', { id: 'verdict', tabindex: '-1' }, report.verdict),
    el('p', { class: 'facts' }, facts),
    el('ul', { class: 'tally', 'aria-label': 'In all' },
      ...['error', 'warning', 'info'].map((one) => el('li', { class: one }, el('b', {}, number(report.counts[one])), ` ${tallied(one, report.counts[one])}`))));
}

function standardName({ id, version }, standards) {
  const known = standards.find((one) => one.id === id && one.version === version);
  return known ? `${known.title}, ${version}` : [id, version].filter(Boolean).join(' ');
}

function tallied(severity, value) {
  const words = { error: ['error', 'errors'], warning: ['warning', 'warnings'], info: ['note', 'notes'] };
  return words[severity][value === 1 ? 0 : 1];
}

function actions(file, text) {
  const name = `${file.name.replace(/\.[^.]+$/, '')}.report.json`;
  const save = el('button', { class: 'button', type: 'button', id: 'save' }, 'Download the report (JSON)');
  save.addEventListener('click', () => {
    const address = URL.createObjectURL(new Blob([new TextEncoder().encode(text)], { type: 'application/json' }));
    el('a', { href: address, download: name }).click();
    // The browser reads the address after this turn.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });
  return el('p', { class: 'actions' }, save);
}

/** Tables whose rows become cards on a narrow screen; the roles keep them tables for a screen reader there. */
function table(caption, headings, rows) {
  return el('table', { role: 'table' },
    el('caption', { class: 'visually-hidden' }, caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...headings.map(([heading, kind]) => el('th', { role: 'columnheader', scope: 'col', class: kind }, heading)))),
    el('tbody', { role: 'rowgroup' }, ...rows));
}

function row(headings, cells) {
  return el('tr', { role: 'row' }, ...cells.map((cell, at) =>
    el(at === 0 ? 'th' : 'td', { role: at === 0 ? 'rowheader' : 'cell', scope: at === 0 ? 'row' : null, class: headings[at][1], 'data-label': headings[at][0] },
      el('div', {}, cell))));
}

function severityMark(severity) {
  return el('span', { class: `mark ${severity}` }, SEVERITY[severity] ?? severity);
}

function columnName(one) {
  const letter = one.column ? el('span', { class: 'letter' }, one.column) : '';
  const name = one.field ? el('span', { class: 'field' }, one.field) : '';
  if (!letter && !name) return 'whole file';
  return letter && name ? [letter, ' ', name] : [letter || name];
}

function causes(report) {
  if (report.causes.length === 0) return null;
  const headings = [['What is wrong', 'wide'], ['Column', ''], ['How many', 'number'], ['First row', 'number'], ['How to mend', 'wide']];
  const rows = report.causes.map((cause) => row(headings, [
    [severityMark(cause.severity), el('span', { class: 'what' }, sentence(cause.message)), cause.why ? el('span', { class: 'why' }, cause.why) : ''],
    columnName(cause),
    number(cause.count),
    cause.first_row ? number(cause.first_row) : '–',
    cause.mend ?? '',
  ]));
  const title = count(report.causes.length, 'thing', 'things');
  return el('section', { class: 'causes', 'aria-labelledby': 'causes' },
    el('h3', { id: 'causes' }, report.valid ? `${title} to know` : `${title} to look at`),
    table('What is wrong, by kind and column', headings, rows));
}

/** A message begins in lower case, as it follows a code in other formats. */
function sentence(words) {
  return words ? words[0].toUpperCase() + words.slice(1) : '';
}

/** The cell as a spreadsheet names it, such as I14; else what there is to say where it is. */
function where(finding, several) {
  const cell = finding.column && finding.row ? `${finding.column}${finding.row}` : finding.row ? `Row ${number(finding.row)}` : finding.column ? `Column ${finding.column}` : '';
  // What is nested has no rows: its line in the file, and the way to it.
  const nested = finding.pointer && finding.line ? `Line ${number(finding.line)}, ${finding.pointer}` : finding.pointer;
  const place = cell || nested || 'Whole file';
  const sheet = finding.sheet ? `${finding.sheet}!` : '';
  return several && finding.file ? `${finding.file} ${sheet}${place}` : `${sheet}${place}`;
}

function value(finding) {
  if (finding.value === null || finding.value === undefined) return el('span', { class: 'nothing' }, '–');
  if (finding.value === '') return el('span', { class: 'nothing' }, 'empty');
  return el('code', {}, finding.value);
}

function fixes(finding) {
  const offered = finding.fixes ?? [];
  if (offered.length === 0) return el('span', { class: 'nothing' }, '–');
  const one = (fix) => [el('code', {}, fix.replacement === '' ? '(empty)' : fix.replacement), fix.safe ? el('span', { class: 'safe' }, ' safe to replace') : ''];
  return offered.length === 1 ? one(offered[0]) : el('ul', { class: 'fixes' }, ...offered.map((fix) => el('li', {}, ...one(fix))));
}

function findings(report) {
  if (report.findings.length === 0) return null;
  const several = report.files.length > 1;
  const headings = [['Cell', 'cell'], ['Value', ''], ['What is wrong', 'wide'], ['Expected', 'expected'], ['Could be', 'fix']];
  const line = (finding) => row(headings, [
    [el('span', { class: 'ref' }, where(finding, several)), finding.field ? el('span', { class: 'field' }, finding.field) : ''],
    value(finding),
    [severityMark(finding.severity), el('span', { class: 'what' }, sentence(finding.message)), el('span', { class: 'code' }, finding.code)],
    finding.expected ?? '',
    fixes(finding),
  ]);

  const key = (one) => JSON.stringify([one.code, one.severity, one.column, one.column ? '' : one.field]);
  const kinds = new Map(report.causes.map((cause) => [key(cause), cause]));
  const choice = el('select', { id: 'only' }, new Option('Everything', ''));
  for (const [of, cause] of kinds) {
    choice.append(new Option([cause.column, cause.field, sentence(cause.message)].filter(Boolean).join(' · '), of));
  }

  const body = table('Findings, one a row', headings, []);
  const told = el('p', { class: 'fine', id: 'listed', role: 'status' });
  const more = el('button', { class: 'button', type: 'button', id: 'more' }, 'Show more');
  let chosen = report.findings;
  let shown = 0;
  const add = () => {
    const from = shown;
    shown = Math.min(chosen.length, shown + PER_PAGE);
    body.tBodies[0].append(...chosen.slice(from, shown).map(line));
    more.hidden = shown === chosen.length;
    told.textContent = `${number(shown)} of ${count(chosen.length, 'finding')} listed`;
  };
  const choose = () => {
    chosen = choice.value === '' ? report.findings : report.findings.filter((finding) => key(finding) === choice.value);
    shown = 0;
    body.tBodies[0].replaceChildren();
    add();
  };
  choice.addEventListener('change', choose);
  more.addEventListener('click', add);
  choose();

  return el('section', { class: 'findings', 'aria-labelledby': 'findings' },
    el('h3', { id: 'findings' }, 'Cell by cell'),
    report.coverage.truncated
      ? el('p', {}, `The first ${number(report.findings.length)} are listed. The numbers above count all of them.`)
      : '',
    kinds.size > 1 ? el('p', { class: 'only' }, el('label', { for: 'only' }, 'Show'), choice) : '',
    body, told, more);
}

function coverage(report) {
  const { records_read: read, records_unread: unread, checks_skipped: skipped = [] } = report.coverage;
  const files = report.files.map((file) => el('li', {},
    [file.name, count(file.records, 'row'), count(file.bytes, 'byte'), file.encoding].filter(Boolean).join(', '),
    file.digest ? el('span', { class: 'digest' }, file.digest) : ''));
  return el('details', { class: 'coverage' },
    el('summary', {}, 'What was and was not checked'),
    el('ul', {}, ...files,
      el('li', {}, `${count(read, 'row')} read${unread ? `, ${number(unread)} not read` : ''}.`),
      ...skipped.map((one) => el('li', {}, `Not checked: ${one.check} – ${one.why}.`))));
}
