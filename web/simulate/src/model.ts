// What the charts and tables show, worked out from the runs. Pure.
import type {Point, Run} from './types';

// 0, "3 s", "4.2 min", "1.5 h", "2 d".
export function span(seconds: number): string {
  const short = (value: number) => Number(value.toFixed(value < 9.95 ? 1 : 0));
  if (seconds === 0) return '0';
  if (seconds < 99.5) return `${short(seconds)} s`;
  if (seconds < 5970) return `${short(seconds / 60)} min`;
  if (seconds < 172_800) return `${short(seconds / 3600)} h`;
  return `${short(seconds / 86_400)} d`;
}

export function used(run: Run): number {
  return run.gpuHours.on > 0 ? run.gpuHours.allocated / run.gpuHours.on : 0;
}

// Runs that differ in how cards are cut say so in their names.
export function named(runs: readonly Run[]): readonly Run[] {
  if (new Set(runs.map((run) => run.cutting)).size < 2) return runs;
  return runs.map((run) => ({...run, policy: `${run.policy}, ${run.cutting}`}));
}

// The run with the least of what `of` says; the first of several. Unknown is no candidate.
export function least(runs: readonly Run[], of: (run: Run) => number | null): Run | null {
  let best: Run | null = null;
  let value = Infinity;
  for (const run of runs) {
    const own = of(run);
    if (own === null || own >= value) continue;
    best = run;
    value = own;
  }
  return best;
}

export interface Measure {
  id: string;
  title: string;
  unit: string;
  of: (point: Point) => number;
  // Drawn behind, of the first run: what could have been held.
  ceiling?: (point: Point) => number;
}

export const MEASURES: readonly Measure[] = [
  {
    id: 'held',
    title: 'GPUs held',
    unit: 'GPUs',
    of: (point) => point.gpuAllocatedMilli / 1000,
  },
  {id: 'on', title: 'GPUs on', unit: 'GPUs', of: (point) => point.gpuCapacityMilli / 1000},
  {id: 'waiting', title: 'Pods that wait', unit: 'pods', of: (point) => point.waiting},
  {id: 'dollars', title: 'Dollars so far', unit: 'dollars', of: (point) => point.dollars},
];

// A round number at or above `value`, for the end of an axis.
export function ceiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}

// Points of an SVG path: held until the next point, as the state between two events is.
export function steps(
  points: readonly Point[],
  of: (point: Point) => number,
  box: {width: number; height: number; length: number; top: number},
): string {
  let path = '';
  let last = 0;
  points.forEach((point, index) => {
    const x = ((point.seconds / box.length) * box.width).toFixed(1);
    const y = Number((box.height * (1 - of(point) / box.top)).toFixed(1));
    path += index === 0 ? `M${x} ${y}` : `L${x} ${last}L${x} ${y}`;
    last = y;
  });
  return path;
}
