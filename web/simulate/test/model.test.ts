import {describe, expect, it} from 'vitest';
import {ceiling, least, named, span, steps} from '../src/model';
import {readSimulation} from '../src/read';
import type {Point, Run} from '../src/types';

describe('span', () => {
  it('keeps two or three figures', () => {
    expect([0, 3, 3.25, 40, 99.4, 252, 5400, 90_000, 200_000].map(span)).toEqual([
      '0', '3 s', '3.3 s', '40 s', '99 s', '4.2 min', '90 min', '25 h', '2.3 d',
    ]);
  });
});

describe('ceiling', () => {
  it('is round and not below', () => {
    expect([0, 0.3, 1, 7, 11, 23, 26, 99, 101].map(ceiling)).toEqual([
      1, 0.5, 1, 10, 20, 25, 50, 100, 200,
    ]);
  });
});

describe('least', () => {
  const run = (policy: string, dollars: number | null) => ({policy, dollars}) as Run;
  it('takes the first of equal ones, and none that is unknown', () => {
    const runs = [run('a', null), run('b', 3), run('c', 2), run('d', 2)];
    expect(least(runs, (of) => of.dollars)?.policy).toBe('c');
    expect(least([run('a', null)], (of) => of.dollars)).toBeNull();
  });
});

describe('named', () => {
  const run = (policy: string, cutting: string) => ({policy, cutting}) as Run;
  it('says how cards are cut, where that differs', () => {
    const policies = (runs: Run[]) => named(runs).map((one) => one.policy);
    expect(policies([run('a', 'wipe'), run('b', 'wipe')])).toEqual(['a', 'b']);
    expect(policies([run('a', 'wipe'), run('a', 'ahead')])).toEqual(['a, wipe', 'a, ahead']);
  });
});

describe('steps', () => {
  it('holds a value until the next point', () => {
    const points = [0, 50, 100].map((seconds, index) => ({seconds, nodes: index * 5}) as Point);
    const box = {width: 100, height: 10, length: 100, top: 10};
    expect(steps(points, (point) => point.nodes, box)).toBe('M0.0 10L50.0 10L50.0 5L100.0 5L100.0 0');
  });
});

describe('readSimulation', () => {
  const page = {format: 'tangram-simulation', version: 1, input: 'x', notes: [], runs: [{curve: [{}]}]};
  it('takes what the command writes and nothing else', () => {
    expect(readSimulation(JSON.stringify(page))).toHaveProperty('data');
    expect(readSimulation('{')).toHaveProperty('problem');
    expect(readSimulation(JSON.stringify({...page, version: 2}))).toHaveProperty('problem');
    expect(readSimulation(JSON.stringify({...page, runs: [{curve: []}]}))).toHaveProperty('problem');
  });
});
