// The top of the page: what the plan is worth, and the cluster before and after it.
import {fact, h, section, swatch, type Child} from '../../../shared/dom';
import {count, gpus, percent, plural, usd, visible} from '../../../shared/format';
import {disturbed, HOURS_PER_MONTH} from '../model';
import type {Certificate, Plan, Totals} from '../types';

function change(before: string, after: string): Child[] {
  if (before === after) return [before];
  return [
    h('span', {class: 'was'}, before),
    h('span', {class: 'arrow', 'aria-hidden': 'true'}, ' → '),
    h('span', {class: 'hidden'}, ' to '),
    after,
  ];
}

function headline({before, after, actions}: Plan): HTMLElement {
  const [was, is] = [before.usdPerHour * HOURS_PER_MONTH, after.usdPerHour * HOURS_PER_MONTH];
  const less = was - is;
  if (actions.length === 0) {
    return h('div', {class: 'headline'}, h('h1', {}, 'Nothing to do.'));
  }
  const share = was > 0 && less !== 0 ? ` (${less > 0 ? '−' : '+'}${percent(Math.abs(less) / was)})` : '';
  const title =
    less === 0
      ? h('h1', {}, 'This plan costs nothing, and saves nothing')
      : h(
          'h1',
          {},
          less > 0 ? 'This plan saves' : 'This plan costs',
          h('br'),
          h('span', {class: 'figure', 'data-field': 'saves'}, usd(Math.abs(less))),
          h('span', {class: 'figure-note'}, ` a month${less > 0 ? '' : ' more'}`),
        );
  return h(
    'div',
    {class: 'headline'},
    title,
    h('p', {'data-field': 'money'}, ...change(usd(was), usd(is)), ` a month${share}`),
  );
}

function facts({before, after}: Plan, touched: number): HTMLElement {
  const held = (totals: Totals) =>
    totals.gpus > 0 ? percent(totals.gpusHeld / totals.gpus) : 'none';
  const busy = (totals: Totals) =>
    totals.gpus > 0 ? percent((totals.gpusBusy ?? 0) / totals.gpus) : 'none';
  return h(
    'dl',
    {class: 'facts changes'},
    fact('Nodes with GPUs', ...change(count(before.nodes), count(after.nodes))),
    fact('GPUs', ...change(count(before.gpus), count(after.gpus))),
    fact('Held by pods', ...change(held(before), held(after))),
    before.gpusBusy !== null && after.gpusBusy !== null
      ? fact('Busy', ...change(busy(before), busy(after)))
      : fact('Busy', h('span', {class: 'quiet'}, 'not measured')),
    fact('Pods that wait', ...change(count(before.podsWaiting), count(after.podsWaiting))),
    fact('Pods that restart', h('span', {'data-field': 'disturbed'}, count(touched))),
  );
}

interface Piece {
  colour: string;
  title: string;
  gpus: number;
}

function pieces(totals: Totals): Piece[] {
  const busy = Math.min(totals.gpusBusy ?? 0, totals.gpusHeld);
  return [
    {colour: 'useful', title: 'busy', gpus: busy},
    {
      colour: 'unshared',
      title: totals.gpusBusy === null ? 'held' : 'held, not busy',
      gpus: totals.gpusHeld - busy,
    },
    {colour: 'free', title: 'free', gpus: Math.max(0, totals.gpus - totals.gpusHeld)},
  ].filter((piece) => piece.gpus > 0);
}

// Where its number has no room: nowhere, or on a small screen.
function slim(share: number): string {
  return share < 0.035 ? ' slim' : share < 0.12 ? ' slim-on-small' : '';
}

function bar(title: string, totals: Totals, widest: number): HTMLElement {
  const list = pieces(totals);
  const text = list.map((piece) => `${gpus(piece.gpus)} ${piece.title}`).join(', ');
  return h(
    'div',
    {class: 'bar-row'},
    h('span', {class: 'bar-title'}, title),
    h(
      'div',
      {class: 'bar', role: 'img', 'aria-label': `${title}: ${text}`},
      ...list.map((piece) =>
        h(
          'div',
          {
            class: `piece fill-${piece.colour}${slim(piece.gpus / widest)}`,
            style: `width: ${((100 * piece.gpus) / widest).toFixed(3)}%`,
          },
          h('span', {}, gpus(Number(piece.gpus.toFixed(0)) || piece.gpus)),
        ),
      ),
    ),
  );
}

function bars({before, after}: Plan): HTMLElement | null {
  const widest = Math.max(before.gpus, after.gpus);
  if (widest === 0) return null;
  const kinds = new Map(
    [...pieces(before), ...pieces(after)].map((piece) => [piece.title, piece.colour]),
  );
  return h(
    'figure',
    {class: 'bars'},
    bar('Now', before, widest),
    bar('Then', after, widest),
    h(
      'figcaption',
      {class: 'legend'},
      ...[...kinds].map(([title, colour]) =>
        h('span', {class: 'key'}, swatch(colour), `GPUs ${title}`),
      ),
    ),
  );
}

export function summary(plan: Plan): HTMLElement {
  const without = plan.after.nodesWithoutPrice;
  return h(
    'section',
    {class: 'summary', 'aria-label': 'Summary'},
    h('div', {class: 'top'}, headline(plan), facts(plan, disturbed(plan))),
    bars(plan),
    without > 0
      ? h(
          'p',
          {class: 'caution'},
          `${plural(without, 'node')} ${without === 1 ? 'has' : 'have'} no price and ${without === 1 ? 'is' : 'are'} in no sum.`,
        )
      : null,
  );
}

function certificate({what, value, lowerBound}: Certificate): HTMLElement {
  const proven = value === lowerBound;
  return h(
    'div',
    {class: 'certificate', 'data-proven': String(proven)},
    h('dt', {}, visible(what.slice(0, 200))),
    h(
      'dd',
      {},
      h('b', {}, count(value)),
      h(
        'span',
        {class: 'quiet'},
        proven ? ' – proven: no plan does with fewer' : ` – no plan does with fewer than ${count(lowerBound)}`,
      ),
    ),
  );
}

export function certificates(plan: Plan): HTMLElement | null {
  if (plan.certificates.length === 0) return null;
  return section(
    'certificates',
    'How far from the best possible',
    'Each figure stands beside what no plan under this policy can do better than.',
    h('dl', {class: 'certificates'}, ...plan.certificates.map(certificate)),
  );
}
