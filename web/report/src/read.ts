// From the text in the page to a Report, or a sentence that says why not.
import {readForm, type ReadResult} from '../../shared/read';
import type {Report} from './types';

const AXES = ['namespace', 'team', 'model', 'node', 'workload'] as const;

export function readReport(text: string): ReadResult<Report> {
  const result = readForm<Report>(text, {
    what: 'report',
    format: 'tangram-report',
    version: 1,
    command: 'tangram report --html FILE',
    records: ['totals', 'by'],
    lists: [
      'leaks',
      'steps',
      'leftAlone',
      'cards',
      'gaps',
      'unknownModels',
      'unpriced',
      'priceSources',
    ],
  });
  if ('problem' in result) return result;
  for (const axis of AXES) {
    if (!Array.isArray(result.data.by[axis]))
      return {problem: `The report has no list "by.${axis}".`};
  }
  return result;
}
