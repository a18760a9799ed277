// The cards of the nodes that change, before and after: who holds which slice.
import {h, name, section, swatch} from '../../../shared/dom';
import {clip, count, plural, usd, visible} from '../../../shared/format';
import {boxesOf, changes, HOURS_PER_MONTH, namespacesOf, nodesInOrder, type Box} from '../model';
import type {Card, Plan, PlanNode, Seat} from '../types';

const NODES_AT_ONCE = 8;
const COLOURS = ['unshared', 'oversized', 'useful', 'ondemand', 'idle'];
const OTHERS = 'unmeasured';
const CHANGES: Record<string, string> = {Added: 'added', GivenBack: 'given back', Stays: ''};

function holder(seat: Seat): string {
  return seat.pod === null ? 'free' : `${seat.pod.namespace}/${seat.pod.name}`;
}

function seatText(seat: Seat): string {
  return `${seat.profile === null ? '' : `${seat.profile} `}${holder(seat)}`;
}

class Cards {
  private readonly colours: Map<string, string>;
  private readonly nodes: PlanNode[];
  private shown = NODES_AT_ONCE;
  private text = '';
  private readonly list = h('div', {class: 'plan-nodes'});
  private readonly more = h('p', {class: 'pager'});

  constructor(plan: Plan) {
    const namespaces = namespacesOf(plan);
    this.colours = new Map(
      namespaces.map((namespace, i) => [namespace, COLOURS[i] ?? OTHERS]),
    );
    this.nodes = nodesInOrder(plan.nodes.filter((node) => node.cards.length > 0));
  }

  element(): HTMLElement | null {
    if (this.nodes.length === 0) return null;
    this.draw();
    const input = h('input', {
      type: 'search',
      placeholder: 'a100-odd-0, web-6f7d, …',
      autocomplete: 'off',
      input: () => {
        this.text = input.value.trim().toLowerCase();
        this.shown = NODES_AT_ONCE;
        this.draw();
      },
    });
    return section(
      'cards',
      'The cards, before and after',
      'A box is what one pod can hold: the card, a MIG instance as wide as its memory slices, or a share. Cards that do not change are folded. Which card a pod gets is settled on its node.',
      this.legend(),
      h(
        'div',
        {class: 'filters'},
        h('label', {class: 'field grow'}, h('span', {}, 'Node or pod'), input),
      ),
      this.list,
      this.more,
    );
  }

  private legend(): HTMLElement {
    const named = [...this.colours].filter(([, colour]) => colour !== OTHERS);
    const others = this.colours.size - named.length;
    return h(
      'p',
      {class: 'legend'},
      ...named.map(([namespace, colour]) =>
        h('span', {class: 'key'}, swatch(colour), name(namespace, 30)),
      ),
      others > 0
        ? h('span', {class: 'key'}, swatch(OTHERS), `${plural(others, 'other namespace')}`)
        : null,
      h('span', {class: 'key'}, swatch('free'), 'free'),
    );
  }

  private draw(): void {
    const found = this.nodes.filter((node) => this.isFound(node));
    this.list.replaceChildren(...found.slice(0, this.shown).map((node) => this.node(node)));
    if (found.length === 0) this.list.replaceChildren(h('p', {class: 'quiet'}, 'No such node.'));
    const rest = found.length - this.shown;
    this.more.replaceChildren(
      ...(rest > 0
        ? [
            h(
              'button',
              {
                type: 'button',
                click: () => {
                  this.shown += 4 * NODES_AT_ONCE;
                  this.draw();
                },
              },
              `Show ${count(Math.min(rest, 4 * NODES_AT_ONCE))} more of ${plural(rest, 'node')}`,
            ),
          ]
        : []),
    );
  }

  private isFound(node: PlanNode): boolean {
    if (this.text === '' || node.name.toLowerCase().includes(this.text)) return true;
    return node.cards.some((card) =>
      [...card.before, ...card.after].some((seat) =>
        holder(seat).toLowerCase().includes(this.text),
      ),
    );
  }

  private node(node: PlanNode): HTMLElement {
    const word = CHANGES[node.change] ?? '';
    const price =
      node.usdPerHour === null ? 'price unknown' : `${usd(node.usdPerHour * HOURS_PER_MONTH)} a month`;
    const about = [
      node.cards[0]!.model.slice(0, 60),
      node.instanceType.slice(0, 60),
      price,
      node.exact ? '' : 'pods are counted onto the cards: the cluster does not say which they hold',
    ].filter((part) => part !== '');
    return h(
      'article',
      {class: 'plan-node', 'data-node': visible(node.name)},
      h(
        'h3',
        {},
        name(node.name, 60),
        word ? h('span', {class: `badge ${node.change === 'Added' ? 'comes' : 'goes'}`}, word) : null,
      ),
      h('p', {class: 'quiet about'}, visible(about.join(' · '))),
      ...this.tables(node),
    );
  }

  // What changes is open, what stays or goes as a whole is folded.
  private tables(node: PlanNode): (HTMLElement | null)[] {
    if (node.change === 'GivenBack') {
      const held = node.cards.filter((card) => card.before.some((seat) => seat.pod !== null));
      const who = held.length === 0 ? 'nobody held them' : `pods held ${count(held.length)} of them`;
      return [this.folded(node.cards, `${plural(node.cards.length, 'card')}: ${who}`)];
    }
    const changed = node.cards.filter(changes);
    const same = node.cards.filter((card) => !changes(card));
    return [
      changed.length > 0 ? this.table(changed) : null,
      same.length > 0
        ? this.folded(
            same,
            `${plural(same.length, 'card')} as ${same.length === 1 ? 'it is' : 'they are'}`,
          )
        : null,
    ];
  }

  // Built once it is opened.
  private folded(cards: readonly Card[], text: string): HTMLElement {
    const details = h(
      'details',
      {
        class: 'same',
        toggle: () => {
          if (details.open && details.childElementCount === 1) details.append(this.table(cards));
        },
      },
      h('summary', {}, text),
    );
    return details;
  }

  private table(cards: readonly Card[]): HTMLElement {
    return h(
      'div',
      {class: 'plan-cards', role: 'table', 'aria-label': 'Cards'},
      h(
        'div',
        {class: 'plan-card heads', role: 'row'},
        h('span', {role: 'columnheader'}, 'GPU'),
        h('span', {role: 'columnheader'}, 'Before'),
        h('span', {role: 'columnheader'}, 'After'),
      ),
      ...cards.map((card) =>
        h(
          'div',
          {class: 'plan-card', role: 'row', 'data-gpu': card.gpu},
          h('span', {class: 'gpu', role: 'rowheader'}, card.gpu),
          this.picture(card.before, card, 'not there yet'),
          this.picture(card.after, card, 'gone'),
        ),
      ),
    );
  }

  private picture(seats: readonly Seat[], card: Card, nothing: string): HTMLElement {
    if (seats.length === 0) {
      return h('div', {class: 'slices nothing', role: 'cell'}, h('span', {class: 'quiet'}, nothing));
    }
    const cut = seats.some((seat) => seat.profile !== null) && card.memorySlices > 1;
    const boxes = boxesOf(seats, card.memorySlices);
    return h(
      'div',
      {
        class: `slices${cut && card.memorySlices <= 16 ? ' cut' : ''}`,
        role: 'cell',
        style: `--slices: ${Math.max(1, Math.min(64, card.memorySlices))}`,
        'aria-label': visible(seats.slice(0, 16).map(seatText).join(', ').slice(0, 600)),
      },
      ...boxes.map((box) => this.box(box)),
    );
  }

  private box({from, to, seat}: Box): HTMLElement {
    const style = `left: ${(100 * from).toFixed(3)}%; width: ${(100 * (to - from)).toFixed(3)}%`;
    if (seat === null) return h('div', {class: 'slice gap', style, title: 'no instance'});
    const colour =
      seat.pod === null ? 'free' : (this.colours.get(seat.pod.namespace) ?? OTHERS);
    const narrow = to - from < 0.2;
    const pod = seat.pod === null ? 'free' : clip(seat.pod.name, narrow ? 12 : 40);
    return h(
      'div',
      {class: `slice fill-${colour}`, style, title: clip(seatText(seat), 200)},
      seat.profile === null ? null : h('b', {}, clip(seat.profile, 12)),
      h('span', {}, pod),
    );
  }
}

export function cards(plan: Plan): HTMLElement | null {
  return new Cards(plan).element();
}
