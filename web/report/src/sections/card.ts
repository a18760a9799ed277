// One card as a picture: its seats from left to right, the colour says the state.
import {h, s} from '../../../shared/dom';
import {clip, count, usd} from '../../../shared/format';
import {boxesOf, type Box} from '../fleet_model';
import type {Card, SeatState} from '../types';
import {STATES} from '../words';

const HEIGHT = 30;
const THIN = 0.06; // of the card: narrower boxes get no pattern, it would only flicker

export function stateWords(state: SeatState): {title: string; colour: string; meaning: string} {
  return Object.hasOwn(STATES, state)
    ? STATES[state]
    : {title: 'Unknown', colour: 'unmeasured', meaning: ''};
}

function per(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

function seatShape(card: Card, box: Box): SVGElement {
  const seat = card.seats[box.seat]!;
  const {colour} = stateWords(seat.state);
  return s('rect', {
    x: per(box.from),
    y: 0,
    width: per(box.to - box.from),
    height: HEIGHT,
    class: `seat fill-${colour}${box.to - box.from < THIN ? ' thin' : ''}`,
    'data-seat': box.seat,
  });
}

// Small marks where the memory slices of a MIG card begin.
function ticks(card: Card): SVGElement[] {
  if (card.memorySlices < 2 || card.memorySlices > 64 || card.layout === 'None') return [];
  return Array.from({length: card.memorySlices - 1}, (_, i) => {
    const x = per((i + 1) / card.memorySlices);
    return s('line', {x1: x, x2: x, y1: HEIGHT - 4, y2: HEIGHT, class: 'tick'});
  });
}

// Around the replicas of each MIG instance, to tell one instance from the next.
function instances(card: Card): SVGElement[] {
  if (card.replicas < 2 || card.memorySlices < 1) return [];
  const starts = new Map(
    card.seats.filter((seat) => seat.start !== null).map((seat) => [seat.start, seat.size]),
  );
  return [...starts].map(([start, size]) =>
    s('rect', {
      class: 'instance',
      y: -2,
      height: HEIGHT + 4,
      x: per((start ?? 0) / card.memorySlices),
      width: per(size / card.memorySlices),
    }),
  );
}

export function picture(card: Card): SVGElement {
  return s(
    'svg',
    {class: 'picture', width: '100%', height: HEIGHT, 'aria-hidden': 'true'},
    s('rect', {class: 'plate', x: 0, y: 0, width: '100%', height: HEIGHT}),
    ...boxesOf(card).map((box) => seatShape(card, box)),
    ...instances(card),
    ...ticks(card),
  );
}

// "2 idle, 1 free, 4 useful"
export function statesText(card: Card): string {
  const counts = new Map<string, number>();
  for (const seat of card.seats) {
    const {title} = stateWords(seat.state);
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  if (counts.size === 1 && card.seats.length === 1) return [...counts.keys()][0]!.toLowerCase();
  return [...counts].map(([title, many]) => `${count(many)} ${title.toLowerCase()}`).join(', ');
}

export function cutText(card: Card): string {
  const parts: string[] = [];
  if (card.layout !== 'None' && card.memorySlices > 0)
    parts.push(card.layout === 'Inferred' ? 'MIG, layout inferred' : 'MIG');
  if (card.sharing === 'TimeSlicing') parts.push(`time-sliced ×${card.replicas}`);
  if (card.sharing === 'Mps') parts.push(`MPS ×${card.replicas}`);
  return parts.length === 0 ? 'whole card' : parts.join(', ');
}

export function cardLabel(card: Card): string {
  const price = card.usdPerMonth === null ? 'price unknown' : `${usd(card.usdPerMonth)} a month`;
  return `${clip(card.node, 60)} GPU ${card.gpu}, ${clip(card.model, 40)}, ${cutText(card)}, ${price}: ${statesText(card)}`;
}

export function cardTile(card: Card, index: number): HTMLElement {
  return h(
    'div',
    {
      class: 'card',
      role: 'img',
      tabindex: -1,
      'data-card': index,
      'data-count': 1,
      'aria-label': cardLabel(card),
    },
    picture(card),
    h('span', {class: 'card-name', 'aria-hidden': 'true'}, card.gpu),
  );
}
