import {describe, expect, it} from 'vitest';
import {SAMPLES} from '../samples/make.mjs';
import {
  ANY,
  choices,
  filterRows,
  flatten,
  haystack,
  risksOf,
  sortRows,
  sumOf,
  type SortKey,
} from '../src/findings_model';
import type {Report} from '../src/types';

const report = SAMPLES.small() as unknown as Report;
const rows = flatten(report);

describe('flatten', () => {
  it('keeps every finding and its leak', () => {
    expect(rows).toHaveLength(report.leaks.reduce((sum, leak) => sum + leak.findings.length, 0));
    expect(rows.map((row) => row.index)).toEqual(rows.map((_, index) => index));
    expect(new Set(rows.map((row) => row.leak))).toEqual(
      new Set(['Idle', 'Oversized', 'Unshared', 'OnDemand']),
    );
  });
});

describe('filterRows', () => {
  it('adds up to the leak that it is filtered by', () => {
    for (const leak of report.leaks) {
      expect(sumOf(filterRows(rows, {...ANY, leak: leak.leak})).usd).toBeCloseTo(
        leak.usdPerMonth,
        4,
      );
    }
  });
  it('splits the whole by any field', () => {
    for (const field of ['namespace', 'team', 'model'] as const) {
      const parts = choices(rows, field).map(([value, many]) => {
        const part = filterRows(rows, {...ANY, [field]: value});
        expect(part).toHaveLength(many);
        return part.length;
      });
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(rows.length);
    }
  });
  it("tells nobody's from anybody's", () => {
    expect(filterRows(rows, {...ANY, namespace: ''}).every((row) => row.namespace === '')).toBe(
      true,
    );
    expect(filterRows(rows, ANY)).toHaveLength(rows.length);
  });
  it('finds all words, in any case, with and without the index', () => {
    const filter = {...ANY, text: 'NOTEBOOK h100'};
    const found = filterRows(rows, filter);
    expect(found.length).toBeGreaterThan(0);
    expect(
      found.every((row) => row.pod.includes('notebook') && /h100/i.test(row.node + row.model)),
    ).toBe(true);
    expect(filterRows(rows, filter, rows.map(haystack))).toEqual(found);
    expect(filterRows(rows, {...ANY, text: 'notebook nowhere-at-all'})).toEqual([]);
  });
});

describe('sortRows', () => {
  const keys: SortKey[] = [
    'usd',
    'leak',
    'what',
    'where',
    'who',
    'model',
    'gpus',
    'confidence',
    'risk',
  ];
  it('keeps every row, and does not depend on the order before', () => {
    const turned = [...rows].reverse();
    for (const key of keys) {
      for (const descending of [true, false]) {
        const sorted = sortRows(rows, {key, descending});
        expect(new Set(sorted).size).toBe(rows.length);
        expect(sortRows(turned, {key, descending})).toEqual(sorted);
      }
    }
  });
  it('puts what has no price last, both ways', () => {
    const unpriced = rows.filter((row) => row.usdPerMonth === null).length;
    expect(unpriced).toBeGreaterThan(0);
    for (const descending of [true, false]) {
      const tail = sortRows(rows, {key: 'usd', descending}).slice(-unpriced);
      expect(tail.every((row) => row.usdPerMonth === null)).toBe(true);
    }
  });
  it('orders levels by weight, not by letter', () => {
    const levels = sortRows(rows, {key: 'confidence', descending: true}).map(
      (row) => row.confidence,
    );
    expect([...new Set(levels)]).toEqual(['High', 'Medium', 'Low']);
  });
});

describe('risksOf', () => {
  it('counts the findings of the techniques', () => {
    const spot = risksOf(rows, ['Spot']);
    expect(spot).toEqual({Low: 0, Medium: report.leaks[3]!.findings.length, High: 0});
    expect(risksOf(rows, [])).toEqual({Low: 0, Medium: 0, High: 0});
  });
});
