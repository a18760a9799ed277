// What to do: the groups of actions, each opened to its single actions.
import {h, name, section, type Child} from '../../../shared/dom';
import {count, gib, plural, sentence, title, usd, visible, words} from '../../../shared/format';
import {
  ANY,
  EVERYTHING,
  HOURS_PER_MONTH,
  monthly,
  namespacesOf,
  passesOf,
  shownGroups,
  type Filter,
  type ShownGroup,
} from '../model';
import type {Action, Instance, Plan, PodName} from '../types';

const GROUPS_AT_ONCE = 50;
const ACTIONS_AT_ONCE = 50;

const SIGNS: Record<string, string> = {'+': 'comes', '-': 'goes', '~': 'changes'};

function pod(of: PodName): HTMLElement {
  return name(`${of.namespace}/${of.name}`, 60);
}

function money(value: number | null): Child {
  if (value === null) return '';
  return `${value > 0 ? '+' : ''}${usd(value)}`;
}

function layout(instances: readonly Instance[] | undefined): string {
  if (!instances || instances.length === 0) return 'whole';
  const counts = new Map<string, number>();
  for (const {profile} of instances) counts.set(profile, (counts.get(profile) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => (a[0] < b[0] ? 1 : -1))
    .map(([profile, many]) => visible(profile.slice(0, 30)) + (many > 1 ? ` ×${many}` : ''))
    .join(' ');
}

function what(action: Action): Child[] {
  const short = (resource: string | undefined) =>
    visible((resource ?? '').slice(0, 60)).replace(/^nvidia\.com\//, '');
  switch (action.kind) {
    case 'ResizePod':
      return [
        action.pod ? pod(action.pod) : null,
        `: ${short(action.resourceBefore)} → ${short(action.resourceAfter)}`,
      ];
    case 'Repartition':
      return [
        `GPU ${count(action.gpu)}: ${layout(action.layoutBefore)} → ${layout(action.layoutAfter)}`,
      ];
    case 'Reshare':
      return [
        `${count(action.replicasBefore)} → ${count(action.replicasAfter)} shares of each ${visible((action.profile ?? 'card').slice(0, 30))}, by ${words(action.sharing ?? '')}`,
      ];
    case 'AddNode':
      return [
        'a node like ',
        name(action.like ?? '', 40),
        action.capacityType ? `, as ${words(action.capacityType.slice(0, 30))}` : '',
      ];
    case 'GiveBack':
      return ['the node'];
    default:
      return [action.pod ? pod(action.pod) : words(action.kind.slice(0, 60))];
  }
}

function where(action: Action): Child[] {
  if (action.from === undefined || action.from === action.node) return [name(action.node, 40)];
  return [name(action.from, 40), ' → ', name(action.node, 40)];
}

class Actions {
  private filter: Filter = {...EVERYTHING};
  private readonly groupOf: number[] = []; // of each action
  private open = new Set<number>(); // groups, by their place in the plan
  private limits = new Map<number, number>(); // actions shown of a group
  private groups = GROUPS_AT_ONCE;
  private readonly body = h('tbody', {});
  private readonly status = h('p', {class: 'status', role: 'status'});
  private readonly more = h('p', {class: 'pager'});

  constructor(private readonly plan: Plan) {
    plan.groups.forEach((group, index) => {
      for (const id of group.actions) this.groupOf[id] = index;
    });
  }

  element(): HTMLElement {
    this.draw();
    return section(
      'actions',
      'What to do, in this order',
      'Each line opens to its single actions: why, whom it disturbs, and what has to be done before it.',
      this.filters(),
      this.status,
      h(
        'div',
        {class: 'scroll'},
        h(
          'table',
          {class: 'actions-table stacking'},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', {scope: 'col'}, 'Do'),
              h('th', {scope: 'col'}, 'What'),
              h('th', {scope: 'col'}, 'Where'),
              h('th', {scope: 'col', class: 'number'}, 'A month'),
              h('th', {scope: 'col'}, 'Why'),
            ),
          ),
          this.body,
        ),
      ),
      this.more,
    );
  }

  private filters(): HTMLElement {
    const chips = [{pass: ANY, count: this.plan.actions.length}, ...passesOf(this.plan)].map(
      ({pass, count: many}) =>
        h(
          'button',
          {
            type: 'button',
            class: 'chip',
            'aria-pressed': String(pass === ANY),
            'data-choose': pass === ANY ? 'all' : visible(pass),
            click: (event) => {
              for (const chip of chips) chip.setAttribute('aria-pressed', 'false');
              (event.currentTarget as HTMLElement).setAttribute('aria-pressed', 'true');
              this.choose({pass});
            },
          },
          pass === ANY ? 'All ' : `${title(pass.slice(0, 40))} `,
          h('span', {class: 'quiet'}, count(many)),
        ),
    );
    const select = h(
      'select',
      {change: () => this.choose({namespace: select.value})},
      h('option', {value: ANY}, 'Any'),
      ...namespacesOf(this.plan).map((namespace) =>
        h('option', {value: namespace}, visible(namespace.slice(0, 80))),
      ),
    );
    const input = h('input', {
      type: 'search',
      placeholder: 'web-6f7d, a100-odd-0, …',
      autocomplete: 'off',
      input: () => this.choose({text: input.value}),
    });
    return h(
      'div',
      {class: 'filters'},
      h('div', {class: 'chips', role: 'group', 'aria-label': 'Pass'}, ...chips),
      h('label', {class: 'field'}, h('span', {}, 'Namespace'), select),
      h('label', {class: 'field grow'}, h('span', {}, 'Pod or node'), input),
    );
  }

  private choose(change: Partial<Filter>): void {
    this.filter = {...this.filter, ...change};
    this.groups = GROUPS_AT_ONCE;
    this.limits.clear();
    this.draw();
  }

  private draw(): void {
    const shown = shownGroups(this.plan, this.filter);
    const matching = shown.reduce((sum, {actions}) => sum + actions.length, 0);
    const all = this.plan.actions.length;
    this.status.replaceChildren(
      h('b', {}, plural(matching, 'action')),
      matching === all ? '' : ` of ${count(all)}`,
      ` in ${plural(shown.length, 'group')}`,
    );
    this.body.replaceChildren(...shown.slice(0, this.groups).flatMap((each) => this.rows(each)));
    const rest = shown.length - this.groups;
    this.more.replaceChildren(
      ...(rest > 0
        ? [
            this.button(`Show ${count(Math.min(rest, GROUPS_AT_ONCE))} more groups`, () => {
              this.groups += GROUPS_AT_ONCE;
              this.draw();
            }),
          ]
        : []),
    );
  }

  private button(text: string, click: () => void): HTMLElement {
    return h('button', {type: 'button', click}, text);
  }

  private rows(shown: ShownGroup): HTMLElement[] {
    const {group, actions} = shown;
    const index = this.groupOf[actions[0]!.id]!;
    const isOpen = this.open.has(index);
    const toggle = () => {
      if (!this.open.delete(index)) this.open.add(index);
      this.draw();
      this.body.querySelector<HTMLElement>(`[data-group="${index}"] .open`)?.focus();
    };
    const part =
      actions.length === group.actions.length
        ? null
        : h('small', {}, ` ${count(actions.length)} of them shown`);
    const head = h(
      'tr',
      {
        class: 'finding',
        'data-group': index,
        click: (event) => {
          if (!(event.target as Element).closest('button, a')) toggle();
        },
      },
      h(
        'td',
        {class: 'tight'},
        h('button', {
          type: 'button',
          class: 'open',
          'aria-expanded': String(isOpen),
          'aria-label': `${group.verb} ${group.what.slice(0, 100)}`,
          click: toggle,
        }),
        h(
          'span',
          {class: 'verb', 'data-sign': SIGNS[group.sign] ?? 'changes'},
          h('span', {'aria-hidden': 'true'}, `${group.sign === '-' ? '−' : group.sign.slice(0, 1)} `),
          visible(group.verb.slice(0, 40)),
        ),
      ),
      h('td', {}, name(group.what, 80), part),
      h('td', {'data-label': 'on'}, name(group.where, 50)),
      h(
        'td',
        {class: 'number', 'data-field': 'group.usd'},
        money(group.usdPerHourChange === null ? null : group.usdPerHourChange * HOURS_PER_MONTH),
      ),
      h('td', {class: 'quiet'}, visible(group.why.slice(0, 200))),
    );
    return isOpen ? [head, this.single(shown, index)] : [head];
  }

  private single({actions}: ShownGroup, index: number): HTMLElement {
    const limit = this.limits.get(index) ?? ACTIONS_AT_ONCE;
    const rest = actions.length - limit;
    return h(
      'tr',
      {class: 'detail-row'},
      h(
        'td',
        {colspan: 5},
        h('ol', {class: 'single'}, ...actions.slice(0, limit).map((action) => this.item(action))),
        rest > 0
          ? h(
              'p',
              {class: 'pager'},
              this.button(`Show ${count(Math.min(rest, 200))} more of ${count(rest)}`, () => {
                this.limits.set(index, limit + 200);
                this.draw();
              }),
            )
          : null,
      ),
    );
  }

  private item(action: Action): HTMLElement {
    const value = monthly(action);
    return h(
      'li',
      {class: 'action', 'data-action': action.id, tabindex: -1},
      h('span', {class: 'number-of', title: 'Number of the action'}, `#${action.id}`),
      h(
        'div',
        {},
        h('p', {}, ...what(action), h('span', {class: 'quiet'}, ' on '), ...where(action)),
        h(
          'p',
          {class: 'quiet'},
          sentence(visible(action.reason.slice(0, 400))),
          value === null ? null : ` ${money(value)} a month.`,
          ...this.memory(action),
          ...this.disturbs(action),
          ...this.needs(action),
        ),
      ),
    );
  }

  private memory(action: Action): Child[] {
    const memory = action.gpuMemory;
    if (!memory) return [];
    const flags = memory.servingFlags.map(({server, flag}) =>
      h('span', {}, ` ${visible(server.slice(0, 40))}: `, h('code', {}, visible(flag.slice(0, 80)))),
    );
    return [
      ` It sees ${gib(memory.seenMiB)} of GPU memory, of which ${gib(memory.shareMiB)} is its own${memory.enforced ? '' : ', which nothing enforces'}.`,
      ...flags,
    ];
  }

  private disturbs(action: Action): Child[] {
    if (action.disturbs.length === 0) return [];
    return [' Restarts ', ...action.disturbs.flatMap((each, i) => [i > 0 ? ', ' : '', pod(each)]), '.'];
  }

  private needs(action: Action): Child[] {
    if (action.needs.length === 0) return [];
    return [
      ' After ',
      ...action.needs.flatMap((id, i) => [
        i > 0 ? ', ' : '',
        h('button', {type: 'button', class: 'link', click: () => this.goTo(id)}, `#${id}`),
      ]),
      '.',
    ];
  }

  // Opens the action's group and moves there, whatever is filtered.
  private goTo(id: number): void {
    const index = this.groupOf[id];
    if (index === undefined) return;
    this.open.add(index);
    const place = this.plan.groups[index]!.actions.indexOf(id);
    this.limits.set(index, Math.max(this.limits.get(index) ?? ACTIONS_AT_ONCE, place + 1));
    this.groups = Math.max(this.groups, index + 1);
    if (!shownGroups(this.plan, this.filter).some(({actions}) => actions.some((a) => a.id === id))) {
      this.filter = {...EVERYTHING};
      const all = document.querySelector<HTMLElement>('#actions [data-choose="all"]');
      all?.click();
      for (const field of document.querySelectorAll<HTMLInputElement>('#actions .field > *'))
        if ('value' in field) field.value = ANY;
      this.limits.set(index, place + 1);
    }
    this.draw();
    const item = this.body.querySelector<HTMLElement>(`[data-action="${id}"]`);
    item?.scrollIntoView({block: 'center'});
    item?.focus();
  }
}

export function actions(plan: Plan): HTMLElement | null {
  return plan.actions.length === 0 ? null : new Actions(plan).element();
}
