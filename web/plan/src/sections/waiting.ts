// Pods that still wait for a GPU: for ever or for now, why, and what would change it.
import {h, name, section} from '../../../shared/dom';
import {plural, sentence, visible, words} from '../../../shared/format';
import {waitingGroups, type WaitingGroup} from '../model';
import type {Plan} from '../types';

const NAMES_AT_MOST = 20;

function names(group: WaitingGroup): HTMLElement {
  const first = group.pods[0]!;
  const full = (pod: typeof first) => name(`${pod.namespace}/${pod.name}`, 70);
  if (group.pods.length === 1) return h('h3', {}, full(first));
  const rest = group.pods.length - NAMES_AT_MOST;
  return h(
    'details',
    {},
    h('summary', {}, `${plural(group.pods.length, 'pod')} of `, name(first.namespace, 40)),
    h(
      'ul',
      {class: 'names'},
      ...group.pods.slice(0, NAMES_AT_MOST).map((pod) => h('li', {}, full(pod))),
      rest > 0 ? h('li', {class: 'quiet'}, `and ${plural(rest, 'more', 'more')}`) : null,
    ),
  );
}

function item(group: WaitingGroup): HTMLElement {
  return h(
    'li',
    {class: 'wait', 'data-reason': visible(group.reason)},
    h('p', {class: `badge ${group.never ? 'never' : 'later'}`}, group.never ? 'Never' : 'Not now'),
    h(
      'div',
      {},
      names(group),
      h('p', {}, sentence(visible(group.why.slice(0, 600)))),
      h('p', {class: 'quiet'}, sentence(visible(group.remedy.slice(0, 600)))),
    ),
    h('p', {class: 'quiet reason'}, words(group.reason.slice(0, 60))),
  );
}

export function waiting(plan: Plan): HTMLElement | null {
  if (plan.waiting.length === 0) return null;
  return section(
    'waiting',
    'Pods that still wait',
    'Never: nothing that this plan could do would help. Not now: it may start once others end or something is allowed.',
    h('ul', {class: 'waits'}, ...waitingGroups(plan.waiting).map(item)),
  );
}
