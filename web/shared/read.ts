// From the text in a page to its data, or a sentence that says why not.

export type ReadResult<Data> = {data: Data} | {problem: string};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Form {
  what: string; // "report", as a person calls it
  format: string; // "tangram-report"
  version: number;
  command: string; // that writes the page again
  records: readonly string[]; // members that are objects
  lists: readonly string[];
}

// JSON of that form, its members of the right kind; the rest is as the schema says it.
export function readForm<Data>(text: string, form: Form): ReadResult<Data> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {
      problem: `The data in this page is not JSON. Write the page again with: ${form.command}`,
    };
  }
  if (!isRecord(value) || value.format !== form.format) {
    return {problem: `The data in this page is not a Tangram ${form.what}.`};
  }
  if (value.version !== form.version) {
    return {
      problem: `This page reads ${form.what}s of version ${form.version}; the data has version ${String(value.version)}.`,
    };
  }
  for (const record of form.records) {
    if (!isRecord(value[record])) return {problem: `The ${form.what} has no ${record}.`};
  }
  for (const list of form.lists) {
    if (!Array.isArray(value[list])) return {problem: `The ${form.what} has no list "${list}".`};
  }
  return {data: value as Data};
}
