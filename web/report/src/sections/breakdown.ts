// Where the money goes: by namespace, team, model, workload, node.
import {busyChart, stackedBars, type BarRow} from '../charts';
import {h, name, section, swatch} from '../../../shared/dom';
import {count, gpus, percent, usd} from '../../../shared/format';
import {BUSY_BINS, busyness} from '../fleet_model';
import {tabs} from '../../../shared/tabs';
import type {Axis, Group, Report} from '../types';

const TITLES: Record<Axis, string> = {
  namespace: 'Namespace',
  team: 'Team',
  model: 'GPU model',
  workload: 'Workload',
  node: 'Node',
};
const NOBODY: Record<Axis, string> = {
  namespace: 'Free capacity',
  team: 'No team',
  model: 'No model',
  workload: 'No workload',
  node: 'No node',
};
const BARS = 10;
const ROWS = 10;

export const SERIES = [
  {key: 'idle', title: 'Idle', colour: 'idle'},
  {key: 'oversized', title: 'Oversized', colour: 'oversized'},
  {key: 'unshared', title: 'Unshared', colour: 'unshared'},
  {key: 'onDemand', title: 'On-demand', colour: 'ondemand'},
  {key: 'unmeasured', title: 'Unmeasured', colour: 'unmeasured'},
  {key: 'useful', title: 'Useful', colour: 'useful'},
] as const;

function usefulOf(group: Group): number {
  return group.useful ?? Math.max(0, group.usdPerMonth - group.wasteUsdPerMonth - group.unmeasured);
}

function valueOf(group: Group, key: (typeof SERIES)[number]['key']): number {
  return key === 'useful' ? usefulOf(group) : group[key];
}

function legend(): HTMLElement {
  return h(
    'p',
    {class: 'legend'},
    ...SERIES.map(({title, colour}) => h('span', {class: 'key'}, swatch(colour), title)),
  );
}

function tableRow(group: Group, axis: Axis): HTMLElement {
  const share = group.usdPerMonth > 0 ? group.wasteUsdPerMonth / group.usdPerMonth : null;
  const cell = (label: string, value: number) =>
    h(
      'td',
      {class: 'number', 'data-label': label},
      value === 0 ? h('span', {class: 'quiet'}, '–') : usd(value),
    );
  return h(
    'tr',
    {'data-key': group.key.slice(0, 200)},
    h('th', {scope: 'row'}, name(group.key, 44, NOBODY[axis])),
    h('td', {class: 'number', 'data-label': 'GPUs'}, gpus(group.gpus)),
    h('td', {class: 'number', 'data-label': 'Cost'}, usd(group.usdPerMonth)),
    h(
      'td',
      {class: 'number strong', 'data-label': 'Waste', 'data-field': 'group.waste'},
      usd(group.wasteUsdPerMonth),
    ),
    h('td', {class: 'number', 'data-label': 'Share'}, share === null ? '–' : percent(share)),
    cell('Idle', group.idle),
    cell('Oversized', group.oversized),
    cell('Unshared', group.unshared),
    cell('On-demand', group.onDemand),
    cell('Unmeasured', group.unmeasured),
  );
}

function table(groups: readonly Group[], axis: Axis): HTMLElement {
  const body = h('tbody', {}, ...groups.slice(0, ROWS).map((group) => tableRow(group, axis)));
  const headings = [
    'GPUs',
    'Cost',
    'Waste',
    'Share',
    'Idle',
    'Oversized',
    'Unshared',
    'On-demand',
    'Unmeasured',
  ];
  const rest = groups.length - ROWS;
  const more = h(
    'button',
    {
      type: 'button',
      class: 'link',
      click: () => {
        const shown = body.rows.length;
        body.append(...groups.slice(shown, shown + 500).map((group) => tableRow(group, axis)));
        if (body.rows.length >= groups.length) more.remove();
        else
          more.textContent = `Show ${count(Math.min(500, groups.length - body.rows.length))} more of ${count(groups.length)}`;
      },
    },
    `Show ${count(Math.min(500, rest))} more of ${count(groups.length)}`,
  );
  return h(
    'div',
    {},
    h(
      'div',
      {class: 'scroll'},
      h(
        'table',
        {class: 'stacking'},
        h('caption', {class: 'hidden'}, `Dollars a month by ${TITLES[axis].toLowerCase()}`),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', {scope: 'col'}, TITLES[axis]),
            ...headings.map((heading) => h('th', {scope: 'col', class: 'number'}, heading)),
          ),
        ),
        body,
      ),
    ),
    rest > 0 ? more : null,
  );
}

function barRows(groups: readonly Group[], axis: Axis): BarRow[] {
  const rows = groups.slice(0, BARS).map((group) => ({
    label: group.key === '' ? NOBODY[axis] : group.key,
    values: SERIES.map(({key}) => valueOf(group, key)),
  }));
  const rest = groups.slice(BARS);
  if (rest.length > 0) {
    rows.push({
      label: `${count(rest.length)} others`,
      values: SERIES.map(({key}) => rest.reduce((sum, group) => sum + valueOf(group, key), 0)),
    });
  }
  return rows;
}

function panel(report: Report, axis: Axis): HTMLElement {
  const groups = report.by[axis];
  if (groups.length === 0) return h('p', {class: 'quiet'}, 'Nothing to show.');
  const rows = barRows(groups, axis);
  const dollars = groups.some((group) => group.usdPerMonth > 0);
  return h(
    'div',
    {},
    dollars
      ? stackedBars(
          rows,
          SERIES,
          `Dollars a month by ${TITLES[axis].toLowerCase()}; the table below has the numbers`,
        )
      : null,
    dollars ? legend() : null,
    table(groups, axis),
  );
}

export function breakdown(report: Report): HTMLElement {
  const axes: Axis[] = ['namespace', 'team', 'model', 'workload', 'node'];
  return section(
    'where',
    'Where the money goes',
    'Dollars a month, most waste first.',
    tabs(
      'breakdown',
      axes.map((axis) => ({key: axis, title: TITLES[axis], build: () => panel(report, axis)})),
    ),
  );
}

export function busy(report: Report): HTMLElement | null {
  const bins = busyness(report.cards);
  const total = bins.reduce((sum, bin) => sum + bin, 0);
  if (total === 0) return null;
  const below = bins.slice(0, 3).reduce((sum, bin) => sum + bin, 0);
  return section(
    'busy',
    'How busy the cards are',
    `Mean activity of what pods hold, over the window. ${percent(below / total)} of the measured capacity is below 10%.`,
    busyChart(
      bins,
      BUSY_BINS.map(({label}) => label),
    ),
  );
}
