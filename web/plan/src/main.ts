// Reads the plan that the page carries and builds the page from it.
import {h, name} from '../../shared/dom';
import {clip, when} from '../../shared/format';
import {contents, masthead, start} from '../../shared/shell';
import {readPlan} from './read';
import {actions} from './sections/actions';
import {cards} from './sections/cards';
import {certificates, summary} from './sections/summary';
import {waiting} from './sections/waiting';
import type {Plan} from './types';
import '../../shared/base.css';
import './style.css';

function build(plan: Plan): HTMLElement[] {
  const parts = [actions(plan), cards(plan), waiting(plan), certificates(plan)].filter(
    (part) => part !== null,
  );
  return [
    masthead(
      'plan',
      'Cluster ',
      h('strong', {'data-field': 'cluster'}, name(plan.cluster, 48, 'without a name')),
      ' · taken ',
      h('time', {}, when(plan.takenAt)),
    ),
    h('main', {}, summary(plan), parts.length > 1 ? contents(parts) : null, ...parts),
    h(
      'footer',
      {},
      h(
        'p',
        {},
        'Nothing has been changed. The plan was checked against the snapshot by code that does not know how it was made. Prices are as of the snapshot; a month has 730 hours.',
      ),
    ),
  ];
}

start({
  what: 'plan',
  read: readPlan,
  title: (plan) => `GPU plan: ${clip(plan.cluster, 60)}`,
  build,
});
