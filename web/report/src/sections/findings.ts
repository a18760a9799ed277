// Every finding, in a table that can be sorted, filtered and opened row by row.
import {fact, h, name, section, swatch} from '../../../shared/dom';
import {
  count,
  gib,
  gpus,
  percent,
  plural,
  sentence,
  title,
  usd,
  visible,
  when,
  words,
} from '../../../shared/format';
import {
  ANY,
  choices,
  filterRows,
  haystack,
  sortRows,
  sumOf,
  type FilterState,
  type Row,
  type Sort,
  type SortKey,
} from '../findings_model';
import type {Evidence, LeakName} from '../types';
import {KINDS, LEAKS, TECHNIQUES} from '../words';

const PAGE = 25;
const COLUMNS: {key: SortKey; title: string; number?: boolean}[] = [
  {key: 'usd', title: 'A month', number: true},
  {key: 'leak', title: 'Leak'},
  {key: 'what', title: 'What'},
  {key: 'where', title: 'Where'},
  {key: 'who', title: 'Whose'},
  {key: 'model', title: 'Model'},
  {key: 'gpus', title: 'GPUs', number: true},
  {key: 'confidence', title: 'Confidence'},
  {key: 'risk', title: 'Risk'},
];

function label(table: Record<string, string>, key: string): string {
  return Object.hasOwn(table, key) ? table[key]! : words(key.slice(0, 60));
}

function where(row: Row): HTMLElement {
  const gpu = row.gpu === null || row.gpu < 0 ? '' : ` · GPU ${row.gpu}`;
  return h(
    'span',
    {},
    name(row.node, 30, 'Whole cluster'),
    gpu,
    row.instance ? h('span', {class: 'quiet'}, ' · ', name(row.instance, 16)) : null,
  );
}

function whose(row: Row): HTMLElement {
  const held = !/^(Free|Empty)/.test(row.kind);
  if (row.pod === '' && row.namespace === '')
    return h('span', {class: 'quiet'}, held ? '–' : 'nobody');
  return h(
    'span',
    {},
    name(row.namespace, 24),
    h('span', {class: 'quiet'}, ' / '),
    name(row.pod, 32),
  );
}

function evidenceFacts(evidence: Evidence | null): HTMLElement[] {
  if (!evidence) return [fact('Evidence', 'Nobody holds it, so there is nothing to measure.')];
  const facts = [
    fact(
      'GPU activity',
      `mean ${percent(evidence.activeMean)}, highest ${percent(evidence.activeMax)}, busy ${percent(evidence.busyShare)} of the time`,
    ),
  ];
  if (evidence.memoryMaxMiB !== null) {
    facts.push(
      fact(
        'GPU memory',
        `at most ${gib(evidence.memoryMaxMiB)} of ${gib(evidence.memoryTotalMiB)}`,
      ),
    );
  }
  facts.push(
    fact('Last active', evidence.lastActive ? when(evidence.lastActive) : 'not within the window'),
  );
  facts.push(
    fact(
      'Measured',
      `${percent(evidence.coverage)} of its time, ${plural(evidence.samples ?? 0, 'sample')} of `,
      h('code', {}, name(evidence.metric, 60)),
    ),
  );
  return facts;
}

function detail(row: Row): HTMLElement {
  const text = (value: string) => sentence(visible(value.slice(0, 600)));
  const target = row.target ? ` to ${visible(row.target.slice(0, 60))}` : '';
  return h(
    'dl',
    {class: 'facts detail'},
    fact(
      'What to do',
      h('strong', {}, label(TECHNIQUES, row.technique), target),
      h('br'),
      text(row.fix),
    ),
    fact(`Risk: ${words(row.risk)}`, text(row.riskReason)),
    row.why ? fact('Why', text(row.why)) : (null as never),
    ...evidenceFacts(row.evidence),
    fact(
      'Owner',
      name(row.owner, 60),
      row.team ? h('span', {}, ', team ', name(row.team, 30)) : '',
    ),
  );
}

export interface FindingsView {
  element: HTMLElement;
  show: (leak: LeakName) => void;
}

class FindingsTable {
  readonly body = h('tbody');
  readonly status = h('p', {class: 'status', role: 'status'});
  readonly pager = h('nav', {class: 'pager', 'aria-label': 'Pages of findings'});
  readonly headings: HTMLTableCellElement[];
  private filter: FilterState = {...ANY};
  private sort: Sort = {key: 'usd', descending: true};
  private shown: Row[] = [];
  private page = 0;
  private haystacks: string[] | undefined;

  constructor(private readonly rows: readonly Row[]) {
    this.headings = COLUMNS.map(({key, title: heading, number}) =>
      h(
        'th',
        {scope: 'col', class: number ? 'number' : null},
        h('button', {type: 'button', class: 'sort', click: () => this.sortBy(key)}, heading),
      ),
    );
    this.refresh();
  }

  set(change: Partial<FilterState>): void {
    this.filter = {...this.filter, ...change};
    if (this.filter.text) this.haystacks ??= this.rows.map(haystack);
    this.refresh();
  }

  private sortBy(key: SortKey): void {
    const numeric = ['usd', 'gpus', 'confidence', 'risk'].includes(key);
    const descending = this.sort.key === key ? !this.sort.descending : numeric;
    this.sort = {key, descending};
    this.refresh();
  }

  private refresh(): void {
    this.shown = sortRows(filterRows(this.rows, this.filter, this.haystacks), this.sort);
    this.page = 0;
    this.draw();
  }

  private draw(): void {
    COLUMNS.forEach(({key}, index) => {
      const order =
        this.sort.key !== key ? null : this.sort.descending ? 'descending' : 'ascending';
      if (order) this.headings[index]!.setAttribute('aria-sort', order);
      else this.headings[index]!.removeAttribute('aria-sort');
    });
    const sum = sumOf(this.shown);
    const unpriced = sum.unpriced > 0 ? `, and ${count(sum.unpriced)} without a price` : '';
    this.status.replaceChildren(
      `${plural(this.shown.length, 'finding')}: `,
      h('b', {}, usd(sum.usd)),
      ` a month${unpriced}`,
    );
    const from = this.page * PAGE;
    this.body.replaceChildren(
      ...this.shown.slice(from, from + PAGE).flatMap((row) => this.row(row)),
    );
    if (this.shown.length === 0) {
      this.body.append(
        h('tr', {}, h('td', {colspan: COLUMNS.length, class: 'quiet'}, 'No finding matches.')),
      );
    }
    this.drawPager(from);
  }

  private drawPager(from: number): void {
    const last = Math.ceil(this.shown.length / PAGE) - 1;
    if (last <= 0) {
      this.pager.replaceChildren();
      return;
    }
    const step = (text: string, page: number, able: boolean) =>
      h('button', {type: 'button', disabled: !able, click: () => this.turn(page)}, text);
    this.pager.replaceChildren(
      step('First', 0, this.page > 0),
      step('Previous', this.page - 1, this.page > 0),
      h(
        'span',
        {},
        `${count(from + 1)}–${count(Math.min(from + PAGE, this.shown.length))} of ${count(this.shown.length)}`,
      ),
      step('Next', this.page + 1, this.page < last),
      step('Last', last, this.page < last),
    );
  }

  private turn(page: number): void {
    this.page = page;
    this.draw();
    this.pager.querySelector<HTMLButtonElement>('button:not([disabled])')?.focus();
    this.body.closest('.findings')?.scrollIntoView({block: 'start'});
  }

  private row(row: Row): HTMLElement[] {
    const id = `finding-${row.index}`;
    const open = h('button', {
      type: 'button',
      class: 'open',
      'aria-expanded': 'false',
      'aria-controls': id,
      'aria-label': 'Evidence and fix',
    });
    const toggle = () => {
      const expanded = open.getAttribute('aria-expanded') === 'true';
      open.setAttribute('aria-expanded', String(!expanded));
      if (expanded) document.getElementById(id)?.remove();
      else
        line.after(
          h('tr', {id, class: 'detail-row'}, h('td', {colspan: COLUMNS.length}, detail(row))),
        );
    };
    open.addEventListener('click', (event) => {
      event.stopPropagation();
      toggle();
    });
    const dollars =
      row.usdPerMonth === null ? h('span', {class: 'quiet'}, 'unknown') : usd(row.usdPerMonth);
    const line = h(
      'tr',
      {class: 'finding', 'data-index': row.index, click: toggle},
      h(
        'td',
        {class: 'number strong', 'data-label': 'A month'},
        open,
        h('span', {'data-field': 'finding.usd'}, dollars),
      ),
      h(
        'td',
        {'data-label': 'Leak'},
        swatch(LEAKS[row.leak]?.colour ?? 'unmeasured'),
        title(row.leak),
      ),
      h('td', {'data-label': 'What', 'data-field': 'finding.kind'}, label(KINDS, row.kind)),
      h('td', {'data-label': 'Where', 'data-field': 'finding.where'}, where(row)),
      h('td', {'data-label': 'Whose', 'data-field': 'finding.whose'}, whose(row)),
      h('td', {class: 'tight', 'data-label': 'Model'}, name(row.model, 22)),
      h('td', {class: 'number', 'data-label': 'GPUs'}, gpus(row.gpus)),
      h('td', {'data-label': 'Confidence'}, words(row.confidence)),
      h('td', {'data-label': 'Risk'}, words(row.risk)),
    );
    return [line];
  }
}

function select(
  heading: string,
  values: [string, number][],
  change: (value: string | null) => void,
  empty: string,
): HTMLElement {
  const list = h(
    'select',
    {change: () => change(list.selectedIndex === 0 ? null : values[list.selectedIndex - 1]![0])},
    h('option', {}, 'All'),
    ...values.map(([value, many]) =>
      h('option', {}, `${value === '' ? empty : visible(value.slice(0, 48))} (${count(many)})`),
    ),
  );
  return h('label', {class: 'field'}, h('span', {}, heading), list);
}

function leakChoice(
  rows: readonly Row[],
  table: FindingsTable,
): {element: HTMLElement; choose: (leak: LeakName | null) => void} {
  const names: (LeakName | null)[] = [null, 'Idle', 'Oversized', 'Unshared', 'OnDemand'];
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.leak, (counts.get(row.leak) ?? 0) + 1);
  const buttons = names.map((leak) =>
    h(
      'button',
      {type: 'button', class: 'chip', 'data-choose': leak ?? 'All', click: () => choose(leak)},
      leak ? swatch(LEAKS[leak].colour) : null,
      leak ? `${title(leak)} ` : 'All ',
      h('span', {class: 'quiet'}, count(leak ? (counts.get(leak) ?? 0) : rows.length)),
    ),
  );
  function choose(leak: LeakName | null): void {
    buttons.forEach((button, index) =>
      button.setAttribute('aria-pressed', String(names[index] === leak)),
    );
    table.set({leak});
  }
  choose(null);
  return {
    element: h('div', {class: 'chips', role: 'group', 'aria-label': 'Leak'}, ...buttons),
    choose,
  };
}

export function findings(rows: readonly Row[]): FindingsView {
  const table = new FindingsTable(rows);
  const leaks = leakChoice(rows, table);
  let waiting: number | undefined;
  const text = h('input', {
    type: 'search',
    placeholder: 'node, pod, owner, fix …',
    autocomplete: 'off',
    spellcheck: 'false',
    input: () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => table.set({text: text.value.trim() || null}), 120);
    },
  });
  const element = section(
    'findings',
    'Findings',
    'What leaks, card by card. Open a row for its evidence and what to do about it.',
    h(
      'div',
      {class: 'findings'},
      h(
        'form',
        {
          class: 'filters',
          role: 'search',
          'aria-label': 'Filter findings',
          submit: (event) => event.preventDefault(),
        },
        leaks.element,
        select(
          'Namespace',
          choices(rows, 'namespace'),
          (namespace) => table.set({namespace}),
          "nobody's",
        ),
        select('Team', choices(rows, 'team'), (team) => table.set({team}), 'no team'),
        select('Model', choices(rows, 'model'), (model) => table.set({model}), 'no model'),
        h('label', {class: 'field grow'}, h('span', {}, 'Search'), text),
      ),
      table.status,
      h(
        'div',
        {class: 'scroll'},
        h(
          'table',
          {class: 'stacking findings-table'},
          h('caption', {class: 'hidden'}, 'Findings'),
          h('thead', {}, h('tr', {}, ...table.headings)),
          table.body,
        ),
      ),
      table.pager,
    ),
  );
  return {
    element,
    show: (leak) => {
      leaks.choose(leak);
      element.scrollIntoView({block: 'start'});
      element
        .querySelector<HTMLButtonElement>(`[data-choose="${leak}"]`)
        ?.focus({preventScroll: true});
    },
  };
}
