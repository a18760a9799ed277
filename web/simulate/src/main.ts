// Reads the runs that the page carries and builds the page from them.
import {fact, h, name, section, type Child} from '../../shared/dom';
import {clip, count, gpus, percent, usd} from '../../shared/format';
import {contents, masthead, start} from '../../shared/shell';
import {charts, sample} from './chart';
import {least, named, span, used} from './model';
import {readSimulation} from './read';
import type {Run, Simulation} from './types';
import '../../shared/base.css';
import './style.css';

function table(heads: readonly string[], rows: readonly Child[][], label: string): HTMLElement {
  return h(
    'div',
    {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label},
    h(
      'table',
      {class: 'figures'},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', {scope: 'col'}, head)))),
      h(
        'tbody',
        {},
        ...rows.map(([first, ...rest]) =>
          h('tr', {}, h('th', {scope: 'row'}, first), ...rest.map((cell) => h('td', {}, cell))),
        ),
      ),
    ),
  );
}

function headline(runs: readonly Run[]): HTMLElement {
  const first = runs[0]!;
  const cheapest = least(runs, (run) => run.dollars);
  const quickest = least(runs, (run) => run.waitSeconds.mean)!;
  return h(
    'section',
    {class: 'headline'},
    h('h1', {}, `${count(first.arrived)} pods in ${span(first.lengthSeconds)}`),
    h(
      'dl',
      {class: 'facts'},
      cheapest ? fact('Least cost', `${usd(cheapest.dollars)} `, h('span', {class: 'quiet'}, cheapest.policy)) : null,
      fact(
        'Least waiting, mean',
        `${span(quickest.waitSeconds.mean)} `,
        h('span', {class: 'quiet'}, quickest.policy),
      ),
    ),
  );
}

function policies(runs: readonly Run[]): HTMLElement {
  const heads = ['Policy', 'Used', 'Split', 'Wait', 'P50', 'P95', 'P99', 'Waiting', 'Disturbed',
    'GPU-hours on', 'Cost', 'Per useful GPU-hour'];
  const rows = runs.map((run, index): Child[] => [
    h('span', {'data-policy': run.policy}, sample(index), ` ${run.policy}`),
    percent(used(run)),
    percent(run.fragmentation),
    span(run.waitSeconds.mean),
    span(run.waitSeconds.p50),
    span(run.waitSeconds.p95),
    span(run.waitSeconds.p99),
    count(run.waiting),
    count(run.disturbed),
    gpus(run.gpuHours.on),
    run.dollars === null ? 'unknown' : usd(run.dollars),
    run.dollarsPerUsefulGpuHour === null ? '–' : usd(run.dollarsPerUsefulGpuHour),
  ]);
  return section(
    'policies',
    'Policies',
    'Used: GPU-hours held, of those that were on. Split: of the free GPU, what a typical request cannot use. ' +
      'P95: of a hundred pods, ninety-five waited no longer. Waiting: at the end.',
    table(heads, rows, 'Policies'),
  );
}

function perRun(run: Run): HTMLElement {
  const workloads = run.workloads.map((of): Child[] => [
    name(of.name, 40),
    count(of.arrived),
    count(of.done),
    count(of.running),
    count(of.waiting),
    count(of.failed),
    count(of.disturbed),
    span(of.waitSeconds.mean),
    span(of.waitSeconds.p95),
  ]);
  const groups = run.nodeGroups.map((of): Child[] => [
    name(of.name, 40),
    gpus(of.nodeHours),
    of.dollars === null ? 'unknown' : usd(of.dollars),
  ]);
  return h(
    'details',
    {},
    h('summary', {}, run.policy),
    table(
      ['Workload', 'Pods', 'Done', 'Running', 'Waiting', 'Failed', 'Disturbed', 'Wait', 'P95'],
      workloads,
      `Workloads, ${run.policy}`,
    ),
    table(['Nodes', 'Node-hours', 'Cost'], groups, `Nodes, ${run.policy}`),
    h(
      'p',
      {class: 'quiet'},
      `${count(run.boots)} boots, ${count(run.interruptions)} spot interruptions, ${count(run.cuts)} cards cut.`,
    ),
  );
}

function build(simulation: Simulation): HTMLElement[] {
  const runs = named(simulation.runs);
  const parts = [
    policies(runs),
    section('time', 'Over time', null, charts(runs)),
    section('details', 'Workloads and nodes', 'For each policy.', ...runs.map(perRun)),
  ];
  const notes = simulation.notes.map((note) => h('p', {class: 'quiet'}, note));
  return [
    masthead('Simulation', name(simulation.input, 80)),
    h('main', {}, headline(runs), contents(parts), ...parts, ...notes),
  ];
}

start({
  what: 'simulation',
  read: readSimulation,
  title: (simulation) => `Simulation: ${clip(simulation.input, 60)}`,
  build,
});
