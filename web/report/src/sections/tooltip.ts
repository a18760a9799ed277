// What a card or a seat of it says when it is pointed at or focused.
import {h, name, swatch, type Child} from '../../../shared/dom';
import {count, gib, percent, usd} from '../../../shared/format';
import {seatUsd, type CardGroup} from '../fleet_model';
import type {Card, Finding, Report, Seat} from '../types';
import {cutText, stateWords} from './card';

const SEATS_AT_MOST = 8;

// What the findings know of a seat beyond the fleet's own data: its memory.
export class SeatFacts {
  private index: Map<string, Finding> | undefined;
  constructor(private readonly report: Report) {}

  of(card: Card, seat: Seat): Finding | undefined {
    if (seat.pod === '') return undefined;
    this.index ??= this.build();
    return this.index.get(SeatFacts.key(card.node, card.gpu, seat));
  }

  private static key(
    node: string,
    gpu: number | null,
    holder: {namespace: string; pod: string},
  ): string {
    return JSON.stringify([node, gpu, holder.namespace, holder.pod]);
  }

  private build(): Map<string, Finding> {
    const index = new Map<string, Finding>();
    for (const leak of this.report.leaks) {
      for (const finding of leak.findings) {
        if (finding.pod !== '')
          index.set(SeatFacts.key(finding.node, finding.gpu, finding), finding);
      }
    }
    return index;
  }
}

export class Tooltip {
  private readonly box = h('div', {class: 'tooltip', role: 'tooltip', hidden: true});

  constructor(private readonly facts: SeatFacts) {
    document.body.append(this.box);
  }

  hide(): void {
    this.box.hidden = true;
  }

  // One seat where one is pointed at, all of them otherwise.
  showCard(anchor: Element, card: Card, seat: number | null): void {
    const seats = seat === null ? card.seats : [card.seats[seat]!];
    const lines = seats.slice(0, SEATS_AT_MOST).map((each) => this.seatLine(card, each));
    const rest = seats.length - lines.length;
    this.show(
      anchor,
      this.heading(card),
      ...lines,
      rest > 0 ? h('p', {class: 'quiet'}, `and ${count(rest)} more`) : null,
    );
  }

  showGroup(anchor: Element, group: CardGroup): void {
    const some = group.cards.slice(0, 6);
    this.show(
      anchor,
      h('p', {class: 'tooltip-title'}, name(group.card.model, 40), ` · ${cutText(group.card)}`),
      ...some.map((card) => h('p', {}, name(card.node, 40), ` · GPU ${card.gpu}`)),
      group.cards.length > some.length
        ? h('p', {class: 'quiet'}, `and ${count(group.cards.length - some.length)} more`)
        : null,
    );
  }

  private heading(card: Card): HTMLElement {
    return h(
      'p',
      {class: 'tooltip-title'},
      name(card.node, 40),
      ` · GPU ${card.gpu}`,
      h('span', {class: 'quiet'}, ' ', name(card.model, 24), ` · ${cutText(card)}`),
    );
  }

  private seatLine(card: Card, seat: Seat): HTMLElement {
    const {title, colour, meaning} = stateWords(seat.state);
    const memory = this.facts.of(card, seat)?.evidence;
    const price = seatUsd(card, seat);
    const numbers: Child[] = [price === null ? 'price unknown' : `${usd(price)} a month`];
    if (seat.active !== null) numbers.push(` · ${percent(seat.active)} active`);
    if (memory && memory.memoryMaxMiB !== null)
      numbers.push(` · ${gib(memory.memoryMaxMiB)} of ${gib(memory.memoryTotalMiB)} used`);
    if (!seat.exact) numbers.push(' · the cluster does not say which device the pod holds');
    return h(
      'div',
      {class: 'tooltip-seat'},
      swatch(colour),
      h(
        'div',
        {},
        h(
          'p',
          {},
          h('b', {}, title),
          seat.profile ? h('span', {}, ' · ', name(seat.profile, 20)) : null,
          h('span', {class: 'quiet'}, ` ${meaning}`),
        ),
        seat.pod ? h('p', {}, name(seat.namespace, 30), ' / ', name(seat.pod, 40)) : null,
        h('p', {class: 'quiet'}, ...numbers),
      ),
    );
  }

  private show(anchor: Element, ...children: (Node | null)[]): void {
    this.box.replaceChildren(...children.filter((child) => child !== null));
    this.box.hidden = false;
    const at = anchor.getBoundingClientRect();
    const {width, height} = this.box.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8));
    const above = at.bottom + height + 12 > window.innerHeight && at.top > height + 12;
    this.box.style.left = `${left}px`;
    this.box.style.top = `${above ? at.top - height - 6 : at.bottom + 6}px`;
  }
}
