// From the text in the page to a Plan, or a sentence that says why not.
import {readForm, type ReadResult} from '../../shared/read';
import type {Plan} from './types';

export function readPlan(text: string): ReadResult<Plan> {
  const result = readForm<Plan>(text, {
    what: 'plan',
    format: 'tangram-plan',
    version: 1,
    command: 'tangram plan -o html',
    records: ['before', 'after'],
    lists: ['actions', 'groups', 'nodes', 'waiting', 'certificates'],
  });
  if ('problem' in result) return result;
  const {actions, groups} = result.data;
  if (actions.some((action, index) => action.id !== index))
    return {problem: 'The actions of the plan are not numbered from 0.'};
  if (groups.some((group) => group.actions.some((id) => actions[id] === undefined)))
    return {problem: 'A group of the plan has an action that is not there.'};
  return result;
}
