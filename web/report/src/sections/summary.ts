// The top of the page: what is lost, of what, and in which of the four leaks.
import {fact, h, name, swatch, type Child} from '../../../shared/dom';
import {count, gpus, percent, plural, usd, visible, when} from '../../../shared/format';
import {masthead} from '../../../shared/shell';
import type {Leak, LeakName, Report, Totals} from '../types';
import {LEAKS} from '../words';

export function origin(report: Report): HTMLElement {
  const {window} = report;
  const measured = window
    ? [
        `use measured over ${visible(window.span).slice(0, 40)} until `,
        h('time', {}, when(window.to)),
      ]
    : ['use was not measured'];
  return masthead(
    'GPU waste report',
    'Cluster ',
    h('strong', {'data-field': 'cluster'}, name(report.cluster, 48, 'without a name')),
    ' · taken ',
    h('time', {}, when(report.takenAt)),
    ' · ',
    ...measured,
  );
}

function headline(totals: Totals): HTMLElement {
  if (totals.gpus === 0) {
    return h('div', {class: 'headline'}, h('h1', {}, 'No GPUs were found in this cluster.'));
  }
  const priced = totals.gpus > totals.gpusWithoutPrice;
  if (!priced) {
    return h(
      'div',
      {class: 'headline'},
      h('h1', {}, 'No price is known for these GPUs.'),
      h(
        'p',
        {},
        'The findings below count cards. Dollars need a price for each node: see the prices section.',
      ),
    );
  }
  return h(
    'div',
    {class: 'headline'},
    h(
      'h1',
      {},
      h('span', {class: 'figure', 'data-field': 'totals.waste'}, usd(totals.wasteUsdPerMonth)),
      ' ',
      h('span', {class: 'figure-note'}, 'a month is wasted'),
    ),
    h(
      'p',
      {},
      'That is ',
      h('strong', {'data-field': 'totals.share'}, percent(totals.wasteShare)),
      ' of the ',
      h('strong', {'data-field': 'totals.cost'}, usd(totals.usdPerMonth)),
      ' a month that these GPUs cost.',
    ),
  );
}

function facts(totals: Totals): HTMLElement {
  return h(
    'dl',
    {class: 'facts'},
    fact(
      'GPUs',
      h('span', {'data-field': 'totals.gpus'}, count(totals.gpus)),
      h('small', {}, ` on ${plural(totals.gpuNodes, 'node')}`),
    ),
    fact('Held by a pod', percent(totals.allocation)),
    fact(
      'Busy',
      percent(totals.utilization),
      h(
        'small',
        {},
        totals.utilization === null
          ? ''
          : ` mean of free and ${count(totals.gpusMeasured)} measured GPUs`,
      ),
    ),
    fact('Pods waiting', count(totals.podsPending)),
  );
}

interface Part {
  label: string;
  colour: string;
  usd: number;
}

function partsOf(report: Report): Part[] {
  return [
    ...report.leaks.map((leak) => ({
      label: leakWords(leak).title,
      colour: leakWords(leak).colour,
      usd: leak.usdPerMonth,
    })),
    {
      label: 'Held, use not measured',
      colour: 'unmeasured',
      usd: report.totals.unmeasuredUsdPerMonth,
    },
    {label: 'Useful', colour: 'useful', usd: report.totals.usefulUsdPerMonth},
  ];
}

export function leakWords(leak: Leak): {title: string; meaning: string; colour: string} {
  return LEAKS[leak.leak] ?? {title: visible(leak.title), meaning: '', colour: 'unmeasured'};
}

function spendBar(report: Report): HTMLElement | null {
  const total = report.totals.usdPerMonth;
  if (total <= 0) return null;
  const parts = partsOf(report).filter((part) => part.usd > 0);
  const text = parts.map((part) => `${part.label} ${usd(part.usd)}`).join(', ');
  return h(
    'figure',
    {class: 'spend'},
    h(
      'div',
      {class: 'spend-bar', role: 'img', 'aria-label': `The cost of a month: ${text}`},
      ...parts.map((part) => {
        const share = part.usd / total;
        const piece = h(
          'span',
          {
            class: `piece fill-${part.colour}${share < 0.1 ? ' slim' : ''}`,
            title: `${part.label}: ${usd(part.usd)}, ${percent(share)}`,
          },
          share > 0.055 ? h('span', {}, percent(share)) : null,
        );
        piece.style.flexGrow = String(share);
        return piece;
      }),
    ),
    h(
      'figcaption',
      {},
      ...parts
        .slice(-2)
        .filter((part) => part.colour === 'useful' || part.colour === 'unmeasured')
        .map((part) =>
          h(
            'span',
            {class: 'key'},
            swatch(part.colour),
            `${part.label} `,
            h('b', {'data-field': `totals.${part.colour}`}, usd(part.usd)),
          ),
        ),
    ),
  );
}

function leakTile(leak: Leak, report: Report, show: (leak: LeakName) => void): HTMLElement {
  const {title, meaning, colour} = leakWords(leak);
  const share = report.totals.usdPerMonth > 0 ? leak.usdPerMonth / report.totals.usdPerMonth : null;
  const many = leak.findings.length;
  const notes: Child[] = [plural(leak.gpus, 'GPU')];
  if (share !== null) notes.push(` · ${percent(share)} of the cost`);
  if (leak.unpriced > 0) notes.push(` · ${plural(leak.unpriced, 'finding')} without a price`);
  return h(
    'article',
    {class: `leak edge-${colour}`, 'data-leak': leak.leak},
    h('h3', {}, swatch(colour), title),
    h(
      'p',
      {class: 'amount'},
      h('span', {'data-field': 'leak.usd'}, usd(leak.usdPerMonth)),
      h('small', {}, ' a month'),
    ),
    h('p', {class: 'meaning'}, meaning),
    h('p', {class: 'quiet'}, ...notes),
    many === 0
      ? h('p', {class: 'quiet'}, 'No findings')
      : h(
          'button',
          {type: 'button', class: 'link', click: () => show(leak.leak)},
          'Show ',
          h('span', {'data-field': 'leak.findings'}, count(many)),
          many === 1 ? ' finding' : ' findings',
        ),
  );
}

function cautions(report: Report): HTMLElement | null {
  const {totals} = report;
  const lines: string[] = [];
  if (report.window === null && totals.gpus > 0) {
    lines.push(
      'Nothing was measured. Only what nobody holds is counted as waste; what is held counts as unmeasured.',
    );
  }
  if (totals.gpusWithoutPrice > 0) {
    lines.push(
      `${gpus(totals.gpusWithoutPrice)} of ${plural(totals.gpus, 'GPU')} have no known price and are left out of every dollar figure.`,
    );
  }
  if (totals.gpusUnknownModel > 0) {
    lines.push(
      `${plural(totals.gpusUnknownModel, 'GPU')} of an unknown model: no smaller size can be proposed for them.`,
    );
  }
  if (lines.length === 0) return null;
  return h(
    'aside',
    {class: 'caution', 'aria-label': 'What these numbers leave out'},
    ...lines.map((line) => h('p', {}, line)),
  );
}

export function summary(report: Report, show: (leak: LeakName) => void): HTMLElement {
  return h(
    'section',
    {class: 'summary', 'aria-label': 'Summary'},
    h('div', {class: 'top'}, headline(report.totals), facts(report.totals)),
    spendBar(report),
    h('div', {class: 'leaks'}, ...report.leaks.map((leak) => leakTile(leak, report, show))),
    cautions(report),
  );
}
