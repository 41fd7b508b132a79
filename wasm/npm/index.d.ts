/** A standard that is built in. */
export interface Standard {
  /** What the options take: `id@version`. */
  reference: string;
  id: string;
  version: string;
  title: string;
  tier: 'national' | 'regional' | 'local';
  domain: string;
}

/** How far a check is, in bytes. */
export interface Progress {
  read: number;
  size: number;
}

export interface LoadOptions {
  /** Where the compiled module is, if not beside this script. */
  url?: string | URL;
  /** The module, when it is compiled already. */
  module?: WebAssembly.Module;
}

export interface ValidateOptions {
  /** A reference such as "blds@1.2", or "blds" for the newest stable version. Without it the file is recognised by its content. */
  standard?: string | null;
  /** A schema of your own in place of a standard: its text, or several files of which the first is the one to check against. */
  schema?: string | { name: string; text: string }[] | null;
  /** The file's name in the report; a File has one already. */
  fileName?: string;
  onProgress?: (progress: Progress) => void;
  /** Stops the check; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Loads and starts the validator: the only call that uses the network. */
export function load(options?: LoadOptions): Promise<{ standards: Standard[] }>;

/** The standards that are built in. */
export function standards(): Promise<Standard[]>;

/** Checks a file. Resolves to the JSON text of a {@link Report}, byte for byte what the command line writes. */
export function validate(blob: Blob, options?: ValidateOptions): Promise<string>;

/** Says which standards a file looks like, from its beginning. */
export function detect(blob: Blob, options?: { fileName?: string; signal?: AbortSignal }): Promise<unknown>;

/** Ends the worker and frees its memory. */
export function close(): Promise<void>;

export type Severity = 'error' | 'warning' | 'info';

/** What `JSON.parse` makes of the text that {@link validate} resolves to. */
export interface Report {
  format: 'concord-report/1';
  valid: boolean;
  standard: { id: string; version: string; digest: string } | null;
  verdict: string;
  files: { name: string; digest: string | null; bytes: number; records: number; encoding: string; dialect: Record<string, string> }[];
  counts: Record<Severity, number>;
  coverage: {
    checks_run: string[];
    checks_skipped: { check: string; why: string }[];
    records_read: number;
    records_unread: number;
    truncated: boolean;
  };
  causes: Cause[];
  findings: Finding[];
}

/** Findings of one kind in one column. */
export interface Cause {
  code: string;
  severity: Severity;
  field: string | null;
  /** The column's letters, as in a spreadsheet. */
  column: string | null;
  count: number;
  first_row: number;
  last_row: number;
  message: string;
  why: string;
  mend: string;
}

/** One occurrence. */
export interface Finding {
  code: string;
  severity: Severity;
  file: string;
  sheet: string | null;
  /** The row as the spreadsheet numbers it; the header is row 1. */
  row: number | null;
  line: number | null;
  byte_column: number | null;
  record: number | null;
  column: string | null;
  field: string | null;
  pointer: string | null;
  value: string | null;
  expected: string;
  message: string;
  fixes: { replacement: string; safe: boolean; kind: string }[];
}
