// What was judged and kept, what could not be seen, and where the prices come from.
import {h, name, section, type Child} from '../../../shared/dom';
import {count, gpus, plural, sentence, title, usd, visible} from '../../../shared/format';
import type {Report} from '../types';

function text(value: string): string {
  return visible(value.slice(0, 800));
}

function table(
  caption: string,
  headings: [string, 'number' | null][],
  rows: Child[][],
): HTMLElement {
  return h(
    'div',
    {class: 'scroll'},
    h(
      'table',
      {class: 'stacking'},
      h('caption', {class: 'hidden'}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...headings.map(([heading, kind]) => h('th', {scope: 'col', class: kind}, heading)),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((row) =>
          h(
            'tr',
            {},
            ...row.map((cell, index) =>
              h(
                index === 0 ? 'th' : 'td',
                {
                  scope: index === 0 ? 'row' : null,
                  class: headings[index]![1],
                  'data-label': headings[index]![0],
                },
                cell,
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

export function leftAlone(report: Report): HTMLElement | null {
  if (report.leftAlone.length === 0) return null;
  return section(
    'left-alone',
    'What was left alone',
    'Looked at, and not called waste.',
    table(
      'What was left alone',
      [
        ['Reason', null],
        ['Count', 'number'],
        ['GPUs', 'number'],
        ['Dollars a month', 'number'],
        ['Why', null],
      ],
      report.leftAlone.map((row) => [
        title(row.reason.slice(0, 60)),
        count(row.count),
        gpus(row.gpus),
        usd(row.usdPerMonth),
        sentence(text(row.why)),
      ]),
    ),
  );
}

function gaps(report: Report): HTMLElement | null {
  if (report.gaps.length === 0) return null;
  return h(
    'ul',
    {class: 'gaps'},
    ...report.gaps.map((gap) =>
      h(
        'li',
        {},
        h('h3', {}, text(gap.what)),
        h('p', {}, sentence(text(gap.why))),
        gap.remedy ? h('p', {}, h('b', {}, 'What helps: '), sentence(text(gap.remedy))) : null,
      ),
    ),
  );
}

function unknownModels(report: Report): HTMLElement | null {
  if (report.unknownModels.length === 0) return null;
  return h(
    'div',
    {},
    h('h3', {}, 'Unknown GPU models'),
    table(
      'Unknown GPU models',
      [
        ['Product', null],
        ['GPUs', 'number'],
      ],
      report.unknownModels.map((row) => [name(row.product, 80), count(row.gpus)]),
    ),
  );
}

export function gapsSection(report: Report): HTMLElement | null {
  if (report.gaps.length + report.unknownModels.length === 0) return null;
  return section(
    'gaps',
    'What could not be seen',
    'These parts of the cluster are missing from the numbers, or are only counted.',
    gaps(report),
    unknownModels(report),
  );
}

export function prices(report: Report): HTMLElement | null {
  if (report.priceSources.length + report.unpriced.length === 0) return null;
  return section(
    'prices',
    'Prices',
    null,
    report.priceSources.length === 0
      ? null
      : table(
          'Price sources',
          [
            ['Source', null],
            ['As of', null],
            ['Nodes', 'number'],
            ['Note', null],
          ],
          report.priceSources.map((row) => [
            name(row.source, 80),
            name(row.asOf, 30),
            count(row.nodes),
            text(row.note),
          ]),
        ),
    report.unpriced.length === 0
      ? null
      : h(
          'div',
          {},
          h('h3', {}, 'Without a known price'),
          h(
            'p',
            {},
            `${plural(report.totals.gpusWithoutPrice, 'GPU')} on these nodes are left out of every dollar figure.`,
          ),
          table(
            'Without a known price',
            [
              ['Instance type', null],
              ['Region', null],
              ['Nodes', 'number'],
              ['GPUs', 'number'],
            ],
            report.unpriced.map((row) => [
              name(row.instanceType, 60),
              name(row.region, 40),
              count(row.nodes),
              count(row.gpus),
            ]),
          ),
        ),
  );
}

export function footer(report: Report): HTMLElement {
  return h(
    'footer',
    {},
    h(
      'p',
      {},
      'Dollars are US dollars for a month of 730 hours, at the prices named above, rounded for reading. ',
      'Cost is the sum of the four leaks, of what is useful, and of what was not measured.',
    ),
    report.window ? h('p', {}, 'Use was read from ', name(report.window.source, 120), '.') : null,
  );
}
