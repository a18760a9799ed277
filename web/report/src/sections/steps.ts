// What to do, in order, with what each step saves and risks.
import {h, section} from '../../../shared/dom';
import {plural, sentence, title, usd, visible} from '../../../shared/format';
import {risksOf, type Row} from '../findings_model';
import type {Level, Report, Step} from '../types';
import {STEPS} from '../words';

function riskText(risks: Record<Level, number>): string | null {
  const levels = (['Low', 'Medium', 'High'] as const).filter((level) => risks[level] > 0);
  if (levels.length === 0) return null;
  if (levels.length === 1) return `${levels[0]} risk`;
  return `Risk: ${levels.map((level) => `${level.toLowerCase()} for ${risks[level]}`).join(', ')}`;
}

function stepItem(step: Step, rows: readonly Row[]): HTMLElement {
  const known = Object.hasOwn(STEPS, step.step) ? STEPS[step.step] : undefined;
  const risk = known ? riskText(risksOf(rows, known.techniques)) : null;
  const saves =
    step.usdPerMonth === null
      ? h('span', {class: 'quiet'}, 'Saves nothing by itself')
      : h(
          'span',
          {},
          h('b', {'data-field': 'step.usd'}, usd(step.usdPerMonth)),
          h('small', {}, ' a month'),
        );
  return h(
    'li',
    {class: 'step', 'data-step': visible(step.step)},
    h(
      'div',
      {class: 'step-text'},
      h('h3', {}, known?.title ?? title(step.step.slice(0, 80))),
      h('p', {}, sentence(visible(step.why.slice(0, 500)))),
    ),
    h(
      'div',
      {class: 'step-numbers'},
      h('p', {class: 'amount'}, saves),
      h('p', {class: 'quiet'}, `${plural(step.findings, 'finding')} · ${plural(step.gpus, 'GPU')}`),
      risk ? h('p', {class: 'quiet'}, risk) : null,
    ),
  );
}

export function steps(report: Report, rows: readonly Row[]): HTMLElement | null {
  if (report.steps.length === 0) return null;
  return section(
    'steps',
    'What to do, in this order',
    'Each step stands alone. The first ones disturb least.',
    h('ol', {class: 'steps'}, ...report.steps.map((step) => stepItem(step, rows))),
  );
}
