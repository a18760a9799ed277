// The findings as one list: flat, filtered, sorted, paged. Pure.
import type {Finding, LeakName, Level, Report} from './types';

export interface Row extends Finding {
  leak: LeakName;
  index: number; // place in the report: the last key of every order
}

export interface Filter {
  leak: string;
  namespace: string;
  team: string;
  model: string;
  text: string;
}
// null: any. The empty string is a value of its own: nobody's.
export type FilterState = {[K in keyof Filter]: string | null};

export type SortKey =
  'usd' | 'leak' | 'what' | 'where' | 'who' | 'model' | 'gpus' | 'confidence' | 'risk';
export interface Sort {
  key: SortKey;
  descending: boolean;
}

export const ANY: FilterState = {leak: null, namespace: null, team: null, model: null, text: null};
const LEVELS: Record<Level, number> = {Low: 0, Medium: 1, High: 2};
const LEAK_ORDER: Record<LeakName, number> = {Idle: 0, Oversized: 1, Unshared: 2, OnDemand: 3};

// All findings, the largest sum first and the unknown ones last.
export function flatten(report: Pick<Report, 'leaks'>): Row[] {
  const rows: Row[] = [];
  for (const leak of report.leaks) {
    for (const finding of leak.findings)
      rows.push({...finding, leak: leak.leak, index: rows.length});
  }
  return rows;
}

export function haystack(row: Row): string {
  return [
    row.kind,
    row.node,
    row.instance,
    row.model,
    row.namespace,
    row.pod,
    row.owner,
    row.team,
    row.technique,
    row.target,
    row.fix,
  ]
    .join('\n')
    .toLowerCase();
}

// `haystacks` is built on the first search and kept by the caller.
export function filterRows(
  rows: readonly Row[],
  filter: FilterState,
  haystacks?: readonly string[],
): Row[] {
  const wanted = (filter.text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows.filter((row) => {
    if (filter.leak !== null && row.leak !== filter.leak) return false;
    if (filter.namespace !== null && row.namespace !== filter.namespace) return false;
    if (filter.team !== null && row.team !== filter.team) return false;
    if (filter.model !== null && row.model !== filter.model) return false;
    if (wanted.length === 0) return true;
    const text = haystacks?.[row.index] ?? haystack(row);
    return wanted.every((word) => text.includes(word));
  });
}

const COMPARE: Record<SortKey, (a: Row, b: Row) => number> = {
  usd: (a, b) => (a.usdPerMonth ?? -1) - (b.usdPerMonth ?? -1),
  leak: (a, b) => LEAK_ORDER[a.leak] - LEAK_ORDER[b.leak],
  what: (a, b) => order(a.kind, b.kind),
  where: (a, b) => order(a.node, b.node) || (a.gpu ?? -1) - (b.gpu ?? -1),
  who: (a, b) => order(a.namespace, b.namespace) || order(a.pod, b.pod),
  model: (a, b) => order(a.model, b.model),
  gpus: (a, b) => a.gpus - b.gpus,
  confidence: (a, b) => LEVELS[a.confidence] - LEVELS[b.confidence],
  risk: (a, b) => LEVELS[a.risk] - LEVELS[b.risk],
};

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// A new list. A finding without a price is last whichever way dollars are sorted.
export function sortRows(rows: readonly Row[], sort: Sort): Row[] {
  const compare = COMPARE[sort.key];
  const sign = sort.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (sort.key === 'usd' && (a.usdPerMonth === null) !== (b.usdPerMonth === null)) {
      return a.usdPerMonth === null ? 1 : -1;
    }
    return (
      sign * compare(a, b) || (b.usdPerMonth ?? -1) - (a.usdPerMonth ?? -1) || a.index - b.index
    );
  });
}

export interface Sum {
  usd: number;
  unpriced: number;
  gpus: number;
}

export function sumOf(rows: readonly Row[]): Sum {
  const sum = {usd: 0, unpriced: 0, gpus: 0};
  for (const row of rows) {
    sum.gpus += row.gpus;
    if (row.usdPerMonth === null) sum.unpriced += 1;
    else sum.usd += row.usdPerMonth;
  }
  return sum;
}

// The values of one field with how often each occurs, by name; "" first.
export function choices(
  rows: readonly Row[],
  field: 'namespace' | 'team' | 'model',
): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[field], (counts.get(row[field]) ?? 0) + 1);
  return [...counts].sort((a, b) => order(a[0], b[0]));
}

// How many findings of each risk the techniques have: the risk of a step.
export function risksOf(
  rows: readonly Row[],
  techniques: readonly string[],
): Record<Level, number> {
  const counts: Record<Level, number> = {Low: 0, Medium: 0, High: 0};
  for (const row of rows) if (techniques.includes(row.technique)) counts[row.risk] += 1;
  return counts;
}
