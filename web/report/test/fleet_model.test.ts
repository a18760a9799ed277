import {describe, expect, it} from 'vitest';
import {SAMPLES} from '../samples/make.mjs';
import {boxesOf, busyness, byNode, groupCards, lookOf} from '../src/fleet_model';
import type {Card, Report, Seat} from '../src/types';

function seat(more: Partial<Seat> = {}): Seat {
  return {
    profile: '',
    start: null,
    size: 0,
    share: 1,
    namespace: '',
    pod: '',
    team: '',
    state: 'Free',
    active: null,
    exact: true,
    ...more,
  };
}
function card(seats: Seat[], more: Partial<Card> = {}): Card {
  return {
    node: 'n',
    gpu: 0,
    model: 'A100-40GB',
    product: 'p',
    usdPerMonth: 800,
    layout: 'Observed',
    memorySlices: 8,
    sharing: 'None',
    replicas: 1,
    seats,
    ...more,
  };
}
const spans = (of: Card) => boxesOf(of).map(({from, to, seat: index}) => [from, to, index]);

describe('boxesOf', () => {
  it('is the whole card without MIG', () => expect(spans(card([seat()]))).toEqual([[0, 1, 0]]));

  it('puts instances at their placement, whatever their order', () => {
    const seats = [seat({start: 4, size: 4, share: 0.5}), seat({start: 0, size: 2, share: 0.25})];
    expect(spans(card(seats))).toEqual([
      [0, 0.25, 1],
      [0.5, 1, 0],
    ]);
  });

  it('fills the gaps with what no instance covers, over several of them', () => {
    const seats = [
      seat({start: 2, size: 2, share: 0.25}),
      seat({start: 6, size: 1, share: 0.125}),
      seat({share: 0.625}),
    ];
    expect(spans(card(seats))).toEqual([
      [0, 0.25, 2],
      [0.25, 0.5, 0],
      [0.5, 0.75, 2],
      [0.75, 0.875, 1],
      [0.875, 1, 2],
    ]);
  });

  it('draws replicas as equal bars', () => {
    const seats = [0, 1, 2, 3].map(() => seat({share: 0.25}));
    expect(spans(card(seats, {memorySlices: 0, replicas: 4}))).toEqual([
      [0, 0.25, 0],
      [0.25, 0.5, 1],
      [0.5, 0.75, 2],
      [0.75, 1, 3],
    ]);
  });

  it('draws replicas of an instance inside it', () => {
    const seats = [
      seat({start: 0, size: 4, share: 0.25}),
      seat({start: 0, size: 4, share: 0.25}),
      seat({start: 4, size: 4, share: 0.5}),
    ];
    expect(spans(card(seats, {replicas: 2}))).toEqual([
      [0, 0.25, 0],
      [0.25, 0.5, 1],
      [0.5, 1, 2],
    ]);
  });

  it('goes by share where no start is known', () => {
    const seats = [seat({size: 4, share: 0.5}), seat({size: 2, share: 0.25}), seat({share: 0.25})];
    expect(spans(card(seats, {layout: 'Inferred'}))).toEqual([
      [0, 0.5, 0],
      [0.5, 0.75, 1],
      [0.75, 1, 2],
    ]);
  });

  it('stays inside the card when the data does not', () => {
    for (const wild of [
      card([seat({start: 7, size: 9, share: 4})]),
      card([seat({share: 3}), seat({share: 2})], {memorySlices: 0}),
      card([seat({start: -1, size: 2, share: -1})]),
      card([]),
    ]) {
      for (const box of boxesOf(wild)) {
        expect(box.from).toBeGreaterThanOrEqual(0);
        expect(box.to).toBeLessThanOrEqual(1 + 1e-9);
        expect(box.to).toBeGreaterThanOrEqual(box.from);
      }
    }
  });

  it('draws every seat of every sample, side by side', () => {
    for (const make of [SAMPLES.small, SAMPLES.hostile]) {
      for (const each of (make() as unknown as Report).cards) {
        const boxes = boxesOf(each);
        expect(new Set(boxes.map((box) => box.seat)).size).toBe(each.seats.length);
        boxes
          .slice(1)
          .forEach((box, i) => expect(box.from).toBeGreaterThanOrEqual(boxes[i]!.to - 1e-9));
      }
    }
  });
});

describe('groupCards', () => {
  it('takes cards as alike whoever holds them, but not in another state', () => {
    const idle = (pod: string) => card([seat({state: 'Idle', pod, active: 0.01})], {node: pod});
    const useful = card([seat({state: 'Useful', pod: 'c'})]);
    const groups = groupCards([idle('a'), useful, idle('b')]);
    expect(groups.map((group) => group.cards.length)).toEqual([2, 1]);
    expect(groups[0]!.usdPerMonth).toBe(1600);
    expect(lookOf(idle('a'))).not.toBe(lookOf(useful));
  });

  it('keeps unknown prices unknown', () => {
    expect(groupCards([card([seat()], {usdPerMonth: null})])[0]!.usdPerMonth).toBeNull();
  });

  it('loses no card of a large fleet, and says it in few groups', () => {
    const {cards} = SAMPLES.large() as unknown as Report;
    const groups = groupCards(cards);
    expect(groups.reduce((sum, group) => sum + group.cards.length, 0)).toBe(cards.length);
    expect(groups.length).toBeLessThan(cards.length / 10);
    const nodes = byNode(cards);
    expect(nodes).toHaveLength(136);
    expect(nodes.reduce((sum, node) => sum + node.cards.length, 0)).toBe(cards.length);
  });
});

describe('busyness', () => {
  it('counts what is held and measured, by share of a card', () => {
    const cards = [
      card([
        seat({state: 'Idle', active: 0, share: 0.5}),
        seat({state: 'Useful', active: 1, share: 0.25}),
        seat({share: 0.25, active: 0}),
      ]),
      card([seat({state: 'Unmeasured'})]),
      card([seat({state: 'Oversized', active: 0.05})]),
    ];
    expect(busyness(cards)).toEqual([0.5, 0, 1, 0, 0, 0, 0, 0.25]);
  });
});
