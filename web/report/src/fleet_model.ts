// Where a card's seats are drawn, and which cards look alike. Pure.
import type {Card, Seat} from './types';

// A rectangle of the card's picture, in shares of its width.
export interface Box {
  from: number;
  to: number;
  seat: number; // index into card.seats
}

interface Gap {
  from: number;
  to: number;
}

function placed(seat: Seat): seat is Seat & {start: number} {
  return typeof seat.start === 'number' && seat.start >= 0 && seat.size > 0;
}

// Side by side, as wide as their shares of the cost; shares that add up to too much are scaled.
function sideBySide(
  seats: readonly Seat[],
  from: number,
  to: number,
  indices: readonly number[],
): Box[] {
  const total = indices.reduce((sum, index) => sum + Math.max(0, seats[index]!.share), 0);
  const scale = (to - from) / Math.max(1, total);
  let at = from;
  return indices.map((index) => {
    const width = Math.max(0, seats[index]!.share) * scale;
    const box = {from: at, to: at + width, seat: index};
    at += width;
    return box;
  });
}

function evenly(from: number, to: number, indices: readonly number[]): Box[] {
  const width = (to - from) / indices.length;
  return indices.map((seat, i) => ({from: from + i * width, to: from + (i + 1) * width, seat}));
}

function gapsBetween(boxes: readonly Box[]): Gap[] {
  const gaps: Gap[] = [];
  let at = 0;
  for (const box of [...boxes].sort((a, b) => a.from - b.from)) {
    if (box.from > at + 1e-9) gaps.push({from: at, to: box.from});
    at = Math.max(at, box.to);
  }
  if (at < 1 - 1e-9) gaps.push({from: at, to: 1});
  return gaps;
}

// Seats without a placement fill what the others leave, over several gaps where needed.
function intoGaps(card: Card, gaps: Gap[], indices: readonly number[]): Box[] {
  const boxes: Box[] = [];
  let gap = 0;
  indices.forEach((index, i) => {
    const seat = card.seats[index]!;
    const last = i === indices.length - 1;
    let need = seat.size > 0 ? seat.size / card.memorySlices : last ? 1 : seat.share;
    while (need > 1e-9 && gap < gaps.length) {
      const room = gaps[gap]!;
      const width = Math.min(need, room.to - room.from);
      boxes.push({from: room.from, to: room.from + width, seat: index});
      need -= width;
      room.from += width;
      if (room.to - room.from < 1e-9) gap += 1;
    }
  });
  return boxes;
}

// The boxes of a card, from left to right. With MIG, by memory slices; replicas of one instance
// share its width. Without, by share.
export function boxesOf(card: Card): Box[] {
  const all = card.seats.map((_, index) => index);
  const onAxis = all.filter((index) => card.memorySlices > 0 && placed(card.seats[index]!));
  if (onAxis.length === 0) return sideBySide(card.seats, 0, 1, all);
  const instances = new Map<string, number[]>();
  for (const index of onAxis) {
    const seat = card.seats[index]!;
    const key = `${seat.start}+${seat.size}`;
    instances.set(key, [...(instances.get(key) ?? []), index]);
  }
  const boxes: Box[] = [];
  for (const indices of instances.values()) {
    const seat = card.seats[indices[0]!]!;
    const from = Math.min(1, (seat.start ?? 0) / card.memorySlices);
    boxes.push(...evenly(from, Math.min(1, from + seat.size / card.memorySlices), indices));
  }
  const others = all.filter((index) => !onAxis.includes(index));
  boxes.push(...intoGaps(card, gapsBetween(boxes), others));
  return boxes.sort((a, b) => a.from - b.from || a.seat - b.seat);
}

export interface CardGroup {
  card: Card; // the first of them
  cards: Card[];
  usdPerMonth: number | null; // null: no card of it has a price
  notUsefulUsdPerMonth: number; // what is not known to be useful, to order by
}

// Cards that look alike: same model, cut, sharing, and state of each seat. Pods do not matter.
export function lookOf(card: Card): string {
  const seats = card.seats.map((seat) => [
    seat.profile,
    seat.start,
    seat.size,
    seat.share,
    seat.state,
  ]);
  return JSON.stringify([
    card.model,
    card.layout,
    card.memorySlices,
    card.sharing,
    card.replicas,
    seats,
  ]);
}

export function seatUsd(card: Card, seat: Seat): number | null {
  return card.usdPerMonth === null ? null : card.usdPerMonth * seat.share;
}

function notUseful(card: Card): number {
  return card.seats.reduce(
    (sum, seat) => sum + (seat.state === 'Useful' ? 0 : (seatUsd(card, seat) ?? 0)),
    0,
  );
}

// Most dollars that are not useful first; ties by count, then by the first card's node and index.
export function groupCards(cards: readonly Card[]): CardGroup[] {
  const groups = new Map<string, CardGroup>();
  for (const card of cards) {
    const look = lookOf(card);
    let group = groups.get(look);
    if (!group) {
      group = {card, cards: [], usdPerMonth: null, notUsefulUsdPerMonth: 0};
      groups.set(look, group);
    }
    group.cards.push(card);
    if (card.usdPerMonth !== null) group.usdPerMonth = (group.usdPerMonth ?? 0) + card.usdPerMonth;
    group.notUsefulUsdPerMonth += notUseful(card);
  }
  return [...groups.values()].sort(
    (a, b) => b.notUsefulUsdPerMonth - a.notUsefulUsdPerMonth || b.cards.length - a.cards.length,
  );
}

export interface NodeCards {
  node: string;
  cards: Card[];
}

// In the order of the report: by node, then by index.
export function byNode(cards: readonly Card[]): NodeCards[] {
  const nodes = new Map<string, Card[]>();
  for (const card of cards) {
    const list = nodes.get(card.node);
    if (list) list.push(card);
    else nodes.set(card.node, [card]);
  }
  return [...nodes].map(([node, list]) => ({node, cards: list}));
}

// How many cards' worth of measured seats was how busy: bins of 10 percent, the first split at 5.
export const BUSY_BINS: readonly {label: string; below: number}[] = [
  {label: '0–1%', below: 0.01},
  {label: '1–5%', below: 0.05},
  {label: '5–10%', below: 0.1},
  {label: '10–20%', below: 0.2},
  {label: '20–40%', below: 0.4},
  {label: '40–60%', below: 0.6},
  {label: '60–80%', below: 0.8},
  {label: '80–100%', below: Infinity},
];

export function busyness(cards: readonly Card[]): number[] {
  const bins = BUSY_BINS.map(() => 0);
  for (const card of cards) {
    for (const seat of card.seats) {
      if (seat.state === 'Free' || seat.active === null) continue;
      const active = seat.active;
      const bin = BUSY_BINS.findIndex(({below}) => active < below);
      bins[bin] = bins[bin]! + seat.share;
    }
  }
  return bins;
}
