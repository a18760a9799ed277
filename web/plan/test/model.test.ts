import {describe, expect, it} from 'vitest';
import {SAMPLES} from '../samples/make.mjs';
import {
  boxesOf,
  changes,
  disturbed,
  EVERYTHING,
  HOURS_PER_MONTH,
  matches,
  monthly,
  namespacesOf,
  nodesInOrder,
  passesOf,
  shownGroups,
  waitingGroups,
} from '../src/model';
import type {Plan, Seat} from '../src/types';

const plan = SAMPLES.small() as Plan;
const many = SAMPLES.many() as Plan;

function seat(profile: string | null, start: number | null, size: number, replica = 0): Seat {
  return {profile, start, size, replica, pod: null};
}
const shape = (seats: Seat[], slices = 8) =>
  boxesOf(seats, slices).map(({from, to, seat: each}) => [
    Math.round(from * slices * 100) / 100,
    Math.round(to * slices * 100) / 100,
    each?.profile ?? (each ? 'whole' : null),
  ]);

describe('filters', () => {
  it.each([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [{pass: 'partition'}, [3, 4]],
    [{namespace: 'web'}, [6, 7]],
    [{text: 'D-0'}, [6, 7, 9]],
    [{text: 'vision/sw'}, [4]],
    [{pass: 'scale', text: 'd-0'}, [9]],
    [{text: 'nobody'}, []],
  ])('%o', (filter, want) => {
    const found = plan.actions.filter((each) => matches(each, {...EVERYTHING, ...filter}));
    expect(found.map(({id}) => id)).toEqual(want);
  });

  it('keeps a group with what matches of it', () => {
    const shown = shownGroups(plan, {...EVERYTHING, text: 'c-0'});
    expect(shown.map(({group, actions}) => [group.verb, actions.map(({id}) => id)])).toEqual([
      ['place', [2]],
      ['share', [1]],
    ]);
  });

  it('shows of ten thousand actions those that match, each once', () => {
    const filter = {...EVERYTHING, text: 'node-1249'};
    const want = many.actions.filter((each) => matches(each, filter)).map(({id}) => id);
    const shown = shownGroups(many, filter).flatMap(({actions}) => actions.map(({id}) => id));
    expect(want.length).toBeGreaterThan(0);
    expect(shown.toSorted((a, b) => a - b)).toEqual(want.toSorted((a, b) => a - b));
  });
});

describe('what is counted', () => {
  it('passes, in their order', () =>
    expect(passesOf(plan)[0]).toEqual({pass: 'place', count: 1}));
  it('namespaces, the most named first', () => expect(namespacesOf(plan)[0]).toBe('web'));
  it('dollars of a node that goes or comes', () => {
    expect(monthly(plan.actions[8]!)).toBeCloseTo(4.5 * HOURS_PER_MONTH);
    expect(monthly(plan.actions[9]!)).toBeCloseTo(-21.957642 * HOURS_PER_MONTH);
    expect(monthly(plan.actions[0]!)).toBeNull();
  });
  it('each pod that restarts once', () => expect(disturbed(plan)).toBe(3));
});

describe('boxesOf', () => {
  it('a whole card, and shares of it', () => {
    expect(shape([seat(null, null, 0)])).toEqual([[0, 8, 'whole']]);
    expect(shape([seat(null, null, 0), seat(null, null, 0, 1)])).toEqual([
      [0, 4, 'whole'],
      [4, 8, 'whole'],
    ]);
  });
  it('instances where they stand, with what is between them', () => {
    expect(shape([seat('3g.20gb', 4, 4), seat('1g.5gb', 1, 1)])).toEqual([
      [0, 1, null],
      [1, 2, '1g.5gb'],
      [2, 4, null],
      [4, 8, '3g.20gb'],
    ]);
  });
  it('shares of an instance side by side', () => {
    expect(shape([seat('4g.20gb', 0, 4), seat('4g.20gb', 0, 4, 1)])).toEqual([
      [0, 2, '4g.20gb'],
      [2, 4, '4g.20gb'],
      [4, 8, null],
    ]);
  });
  it('what does not say where it stands, in what is left, large ones first', () => {
    expect(shape([seat('1g.5gb', null, 1), seat('3g.20gb', null, 4), seat('2g.10gb', 4, 2)])).toEqual(
      [
        [0, 4, '3g.20gb'],
        [4, 6, '2g.10gb'],
        [6, 7, '1g.5gb'],
        [7, 8, null],
      ],
    );
  });
  it('hides nothing of a card that contradicts itself', () => {
    const drawn = shape([seat('3g.20gb', 0, 4), seat('3g.20gb', 2, 4), seat('x', 99, 1)]);
    expect(drawn.map(([, , profile]) => profile)).toEqual(expect.arrayContaining(['3g.20gb', 'x']));
  });
  it.each(Object.keys(SAMPLES))('fills every card of %s from end to end', (sample) => {
    for (const {cards} of (SAMPLES[sample as keyof typeof SAMPLES]() as Plan).nodes) {
      for (const card of cards.slice(0, 20)) {
        for (const seats of [card.before, card.after]) {
          let at = 0;
          for (const box of boxesOf(seats, card.memorySlices)) {
            expect(box.from).toBeCloseTo(at);
            at = box.to;
          }
          if (seats.length > 0) expect(at).toBeCloseTo(1);
        }
      }
    }
  });
});

describe('nodes and pods', () => {
  it('shows what stays before what comes and goes', () => {
    expect(nodesInOrder(plan.nodes).map(({change}) => change)).toEqual([
      'Stays',
      'Stays',
      'Stays',
      'Added',
      'GivenBack',
    ]);
  });
  it('knows a card that changes', () => {
    expect(plan.nodes[0]!.cards.map(changes)).toEqual([false, true]);
  });
  it('puts pods that wait for the same together, never first', () => {
    expect(waitingGroups([...plan.waiting].reverse()).map((g) => [g.never, g.pods.length])).toEqual([
      [true, 1],
      [false, 2],
    ]);
  });
});
