// The fleet: every card, or groups of cards that look alike where there are very many.
import {h, name, s, section, swatch} from '../../../shared/dom';
import {count, plural, usd} from '../../../shared/format';
import {byNode, groupCards, type CardGroup, type NodeCards} from '../fleet_model';
import type {Card, Report, SeatState} from '../types';
import {STATES} from '../words';
import {cardLabel, cardTile, cutText, picture, statesText} from './card';
import {SeatFacts, Tooltip} from './tooltip';

const DRAW_EACH_UP_TO = 500;
const NODES_A_PAGE = 60;
const GROUPS_A_PAGE = 60;

function legend(): HTMLElement {
  const order: SeatState[] = ['Idle', 'Oversized', 'Unshared', 'Unmeasured', 'Useful', 'Free'];
  return h(
    'p',
    {class: 'legend'},
    ...order.map((state) =>
      h(
        'span',
        {class: 'key'},
        swatch(STATES[state].colour),
        h('b', {}, STATES[state].title),
        h('span', {class: 'quiet'}, ` ${STATES[state].meaning}`),
      ),
    ),
  );
}

// Fills that do not lean on colour alone, shared by every picture of the page.
export function patterns(): SVGElement {
  const hatch = s(
    'pattern',
    {
      id: 'hatch',
      width: 6,
      height: 6,
      patternUnits: 'userSpaceOnUse',
      patternTransform: 'rotate(45)',
    },
    s('rect', {width: 6, height: 6, class: 'hatch-ground'}),
    s('line', {x1: 0, y1: 0, x2: 0, y2: 6, class: 'hatch-line'}),
  );
  return s(
    'svg',
    {width: 0, height: 0, class: 'hidden', 'aria-hidden': 'true'},
    s('defs', {}, hatch),
  );
}

function nodeBlock({node, cards}: NodeCards, index: ReadonlyMap<Card, number>): HTMLElement {
  const priced = cards.filter((card) => card.usdPerMonth !== null);
  const cost =
    priced.length === 0
      ? 'price unknown'
      : `${usd(priced.reduce((sum, card) => sum + (card.usdPerMonth ?? 0), 0))} a month`;
  const models = [...new Set(cards.map((card) => card.model))];
  const block = h(
    'div',
    {class: 'node'},
    h(
      'h4',
      {},
      name(node, 40),
      ' ',
      h('span', {class: 'quiet'}, name(models.join(', '), 40), ` · ${cost}`),
    ),
    h('div', {class: 'cards'}, ...cards.map((card) => cardTile(card, index.get(card)!))),
  );
  block.style.setProperty('--wide', String(Math.min(8, Math.max(2, cards.length))));
  block.style.setProperty('--narrow', String(Math.min(4, Math.max(2, cards.length))));
  return block;
}

function groupBlock(group: CardGroup, index: ReadonlyMap<Card, number>): HTMLElement {
  const {card, cards} = group;
  const label =
    cards.length === 1
      ? cardLabel(card)
      : `${count(cards.length)} cards alike: ${card.model.slice(0, 60)}, ${cutText(card)}: ${statesText(card)}`;
  return h(
    'div',
    {
      class: 'card group',
      role: 'img',
      tabindex: -1,
      'data-card': index.get(card),
      'data-count': cards.length,
      'aria-label': label,
    },
    h('span', {class: 'times'}, `${count(cards.length)} ×`),
    h('div', {class: 'group-picture'}, picture(card)),
    h(
      'p',
      {},
      name(card.model, 30),
      h('span', {class: 'quiet'}, ` · ${cutText(card)} · ${statesText(card)}`),
    ),
    h(
      'p',
      {class: 'number'},
      group.usdPerMonth === null ? 'price unknown' : usd(group.usdPerMonth),
      group.usdPerMonth === null ? null : h('small', {}, ' a month'),
    ),
  );
}

class Fleet {
  readonly board = h('div', {
    class: 'board',
    role: 'group',
    'aria-label': 'Cards. Arrow keys move from card to card.',
  });
  readonly pager = h('div', {class: 'pager'});
  private readonly nodes: NodeCards[];
  private readonly groups: CardGroup[];
  private readonly index: Map<Card, number>;
  private page = 0;

  constructor(
    private readonly report: Report,
    private grouped: boolean,
  ) {
    this.index = new Map(report.cards.map((card, index) => [card, index]));
    this.nodes = byNode(report.cards);
    this.groups = groupCards(report.cards);
    const tooltip = new Tooltip(new SeatFacts(report));
    this.board.addEventListener('pointerover', (event) => this.point(tooltip, event.target));
    this.board.addEventListener('pointerleave', () => this.leave(tooltip));
    this.board.addEventListener('focusin', (event) => this.point(tooltip, event.target));
    this.board.addEventListener('focusout', () => tooltip.hide());
    this.board.addEventListener('keydown', (event) => this.move(event, tooltip));
    this.draw();
  }

  group(grouped: boolean): void {
    this.grouped = grouped;
    this.page = 0;
    this.draw();
  }

  private draw(): void {
    const size = this.grouped
      ? GROUPS_A_PAGE
      : this.report.cards.length > DRAW_EACH_UP_TO
        ? NODES_A_PAGE
        : Infinity;
    const list: readonly (NodeCards | CardGroup)[] = this.grouped ? this.groups : this.nodes;
    const from = this.page === 0 ? 0 : this.page * size;
    const shown = list.slice(from, from + size);
    this.board.replaceChildren(
      ...shown.map((item) =>
        'node' in item ? nodeBlock(item, this.index) : groupBlock(item, this.index),
      ),
    );
    this.board.classList.toggle('grouped', this.grouped);
    this.board.querySelector<HTMLElement>('.card')?.setAttribute('tabindex', '0');
    this.drawPager(list.length, from, shown.length);
  }

  private drawPager(all: number, from: number, shown: number): void {
    const step = (text: string, page: number, able: boolean) =>
      h(
        'button',
        {
          type: 'button',
          disabled: !able,
          click: () => {
            this.page = page;
            this.draw();
          },
        },
        text,
      );
    const what = this.grouped ? 'groups' : 'nodes';
    this.pager.replaceChildren(
      ...(shown === all
        ? []
        : [
            step('Previous', this.page - 1, this.page > 0),
            h('span', {}, `${what} ${count(from + 1)}–${count(from + shown)} of ${count(all)}`),
            step('Next', this.page + 1, from + shown < all),
          ]),
    );
  }

  private point(tooltip: Tooltip, target: EventTarget | null): void {
    if (!(target instanceof Element)) return;
    const tile = target.closest<HTMLElement>('.card');
    if (!tile) return this.leave(tooltip);
    const card = this.report.cards[Number(tile.dataset.card)]!;
    const seat = target.getAttribute('data-seat');
    const group = this.grouped ? this.groups.find((each) => each.card === card) : undefined;
    if (group && group.cards.length > 1) tooltip.showGroup(tile, group);
    else tooltip.showCard(tile, card, seat === null ? null : Number(seat));
  }

  // The pointer went; the card that the keyboard is on has the say again.
  private leave(tooltip: Tooltip): void {
    const focused = this.board.querySelector('.card:focus-visible');
    if (focused) this.point(tooltip, focused);
    else tooltip.hide();
  }

  private move(event: KeyboardEvent, tooltip: Tooltip): void {
    if (event.key === 'Escape') return tooltip.hide();
    const tiles = [...this.board.querySelectorAll<HTMLElement>('.card')];
    const at = tiles.indexOf(document.activeElement as HTMLElement);
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: tiles.length - 1,
    }[event.key];
    const next = to === undefined || at < 0 ? undefined : tiles[to];
    if (!next) return;
    event.preventDefault();
    tiles[at]!.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

export function fleet(report: Report): HTMLElement | null {
  if (report.cards.length === 0) return null;
  const many = report.cards.length > DRAW_EACH_UP_TO;
  const view = new Fleet(report, many);
  const button = (text: string, grouped: boolean) =>
    h(
      'button',
      {
        type: 'button',
        class: 'chip',
        'aria-pressed': String(grouped === many),
        click: (event) => {
          for (const other of choice.children)
            other.setAttribute('aria-pressed', String(other === event.currentTarget));
          view.group(grouped);
        },
      },
      text,
    );
  const choice = h(
    'div',
    {class: 'chips', role: 'group', 'aria-label': 'How to draw the fleet'},
    button('Every card', false),
    button('Cards that look alike', true),
  );
  return section(
    'fleet',
    'The fleet',
    `${plural(report.cards.length, 'card')}. A bar is one card, cut where its instances are and as wide as their memory slices; replicas are thin bars.`,
    legend(),
    choice,
    view.board,
    view.pager,
  );
}
