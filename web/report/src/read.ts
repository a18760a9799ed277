// From the text in the page to a Report, or a sentence that says why not.
import type {Report} from './types';

export type ReadResult = {report: Report} | {problem: string};

const LISTS = [
  'leaks',
  'steps',
  'leftAlone',
  'cards',
  'gaps',
  'unknownModels',
  'unpriced',
  'priceSources',
] as const;
const AXES = ['namespace', 'team', 'model', 'node', 'workload'] as const;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readReport(text: string): ReadResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {
      problem:
        'The data in this page is not JSON. Write the page again with: tangram report --html FILE',
    };
  }
  if (!isRecord(value) || value.format !== 'tangram-report') {
    return {problem: 'The data in this page is not a Tangram report.'};
  }
  if (value.version !== 1) {
    return {
      problem: `This page reads reports of version 1; the data has version ${String(value.version)}.`,
    };
  }
  if (!isRecord(value.totals)) return {problem: 'The report has no totals.'};
  for (const list of LISTS) {
    if (!Array.isArray(value[list])) return {problem: `The report has no list "${list}".`};
  }
  if (!isRecord(value.by)) return {problem: 'The report has no groups ("by").'};
  for (const axis of AXES) {
    if (!Array.isArray(value.by[axis])) return {problem: `The report has no list "by.${axis}".`};
  }
  return {report: value as unknown as Report};
}
