// A line for each policy over time, as SVG in the colours of the page.
import {h, s} from '../../shared/dom';
import {count, usdShort} from '../../shared/format';
import {ceiling, MEASURES, span, steps, type Measure} from './model';
import type {Run} from './types';

const WIDTH = 560;
const HEIGHT = 180;
const LEFT = 56;
const BOTTOM = 24;
// Colours that stay apart, and dashes beside them: no line is told by its colour alone.
export const LINES = [
  {colour: 'unshared', dash: ''},
  {colour: 'idle', dash: '7 3'},
  {colour: 'useful', dash: '2 3'},
  {colour: 'ondemand', dash: '10 3 2 3'},
  {colour: 'oversized', dash: '4 2'},
  {colour: 'ink-soft', dash: '1 2'},
  {colour: 'hatch', dash: '12 4'},
] as const;

export function sample(index: number): SVGElement {
  const line = LINES[index % LINES.length]!;
  return s(
    'svg',
    {viewBox: '0 0 28 8', width: 28, height: 8, 'aria-hidden': 'true'},
    s('path', {
      d: 'M0 4H28',
      style: `stroke: var(--${line.colour}); stroke-width: 2; fill: none`,
      'stroke-dasharray': line.dash || null,
    }),
  );
}

function axisText(measure: Measure, value: number): string {
  return measure.id === 'dollars' ? usdShort(value) : count(value);
}

export function chart(measure: Measure, runs: readonly Run[]): HTMLElement {
  const length = Math.max(...runs.map((run) => run.lengthSeconds), 1);
  const most = Math.max(...runs.flatMap((run) => run.curve.map(measure.of)), 0);
  const box = {width: WIDTH - LEFT - 8, height: HEIGHT - BOTTOM - 8, length, top: ceiling(most)};
  const grid = [0, 0.5, 1].map((part) =>
    s(
      'g',
      {transform: `translate(0 ${box.height * (1 - part)})`},
      s('path', {d: `M0 0H${box.width}`, style: 'stroke: var(--line); fill: none'}),
      s('text', {x: -8, y: 4, 'text-anchor': 'end'}, axisText(measure, box.top * part)),
    ),
  );
  const times = [0, 0.25, 0.5, 0.75, 1].map((part) =>
    s(
      'text',
      {
        x: box.width * part,
        y: box.height + 18,
        'text-anchor': part === 0 ? 'start' : part === 1 ? 'end' : 'middle',
      },
      span(length * part),
    ),
  );
  const lines = runs.map((run, index) => {
    const line = LINES[index % LINES.length]!;
    return s(
      'path',
      {
        d: steps(run.curve, measure.of, box),
        style: `stroke: var(--${line.colour}); stroke-width: 1.75; fill: none`,
        'stroke-dasharray': line.dash || null,
        'data-line': run.policy,
      },
      s('title', {}, run.policy),
    );
  });
  const label = `${measure.title} over time: ${runs
    .map((run) => `${run.policy} ends at ${axisText(measure, measure.of(run.curve.at(-1)!))}`)
    .join('; ')}`;
  return h(
    'figure',
    {class: 'curve'},
    h('figcaption', {}, measure.title),
    s(
      'svg',
      {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label},
      s('g', {transform: `translate(${LEFT} 8)`}, ...grid, ...times, ...lines),
    ),
  );
}

export function charts(runs: readonly Run[]): HTMLElement {
  const legend = h(
    'p',
    {class: 'keys'},
    ...runs.map((run, index) => h('span', {}, sample(index), ` ${run.policy}`)),
  );
  return h(
    'div',
    {},
    legend,
    h('div', {class: 'curves'}, ...MEASURES.map((measure) => chart(measure, runs))),
  );
}
