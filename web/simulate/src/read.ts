import {readForm, type ReadResult} from '../../shared/read';
import type {Simulation} from './types';

export function readSimulation(text: string): ReadResult<Simulation> {
  const result = readForm<Simulation>(text, {
    what: 'simulation',
    format: 'tangram-simulation',
    version: 1,
    command: 'tangram simulate -o html',
    records: [],
    lists: ['runs', 'notes'],
  });
  if ('data' in result && result.data.runs.some((run) => (run.curve ?? []).length === 0)) {
    return {problem: 'A run of the simulation has no curve.'};
  }
  return result;
}
