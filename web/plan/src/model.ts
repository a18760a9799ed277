// What is shown of a plan: which actions, in which groups; where a card's seats are drawn. Pure.
import type {Action, Card, Group, Plan, PlanNode, PodName, Seat, Waiting} from './types';

export const HOURS_PER_MONTH = 730;
export const ANY = '';

export interface Filter {
  pass: string;
  namespace: string;
  text: string; // in the name of a pod or a node
}
export const EVERYTHING: Filter = {pass: ANY, namespace: ANY, text: ''};

export function nodesOf(action: Action): string[] {
  return action.from === undefined ? [action.node] : [action.from, action.node];
}

function podsOf(action: Action): PodName[] {
  return action.pod ? [action.pod, ...action.disturbs] : action.disturbs;
}

export function matches(action: Action, filter: Filter): boolean {
  if (filter.pass !== ANY && action.pass !== filter.pass) return false;
  const pods = podsOf(action);
  if (filter.namespace !== ANY && !pods.some((pod) => pod.namespace === filter.namespace))
    return false;
  const wanted = filter.text.trim().toLowerCase();
  if (wanted === '') return true;
  const names = [...nodesOf(action), ...pods.map((pod) => `${pod.namespace}/${pod.name}`)];
  return names.some((name) => name.toLowerCase().includes(wanted));
}

export interface ShownGroup {
  group: Group;
  actions: Action[]; // that match
}

export function shownGroups(plan: Plan, filter: Filter): ShownGroup[] {
  return plan.groups
    .map((group) => ({
      group,
      actions: group.actions
        .map((id) => plan.actions[id]!)
        .filter((action) => matches(action, filter)),
    }))
    .filter(({actions}) => actions.length > 0);
}

export function passesOf(plan: Plan): {pass: string; count: number}[] {
  const counts = new Map<string, number>();
  for (const {pass} of plan.actions) counts.set(pass, (counts.get(pass) ?? 0) + 1);
  return [...counts].map(([pass, count]) => ({pass, count}));
}

// Most named first; ties by name.
export function namespacesOf(plan: Plan): string[] {
  const counts = new Map<string, number>();
  const add = (pod: PodName | null | undefined) => {
    if (pod) counts.set(pod.namespace, (counts.get(pod.namespace) ?? 0) + 1);
  };
  for (const action of plan.actions) add(action.pod);
  for (const node of plan.nodes)
    for (const card of node.cards)
      for (const seat of [...card.before, ...card.after]) add(seat.pod);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([namespace]) => namespace);
}

// Dollars a month more, below 0: less; null: no node comes or goes, or its price is unknown.
export function monthly(action: Action): number | null {
  if (action.usdPerHourBefore === null && action.usdPerHourAfter === null) return null;
  return ((action.usdPerHourAfter ?? 0) - (action.usdPerHourBefore ?? 0)) * HOURS_PER_MONTH;
}

export function disturbed(plan: Plan): number {
  const pods = new Set<string>();
  for (const action of plan.actions)
    for (const pod of action.disturbs) pods.add(JSON.stringify([pod.namespace, pod.name]));
  return pods.size;
}

// ---- cards ----

// A rectangle of a card's picture, in shares of its width. Without a seat: nothing stands there.
export interface Box {
  from: number;
  to: number;
  seat: Seat | null;
}

interface Stand {
  seats: Seat[]; // the shares of one instance
  size: number;
  start: number | null;
}

function standsOf(seats: readonly Seat[]): Stand[] {
  const stands: Stand[] = [];
  for (const seat of seats) {
    const last = stands.at(-1);
    const same =
      last && seat.replica > 0 && last.seats[0]!.profile === seat.profile && last.start === seat.start;
    if (same) last.seats.push(seat);
    else stands.push({seats: [seat], size: Math.max(1, seat.size), start: seat.start});
  }
  return stands;
}

// From left to right, by memory slices. What does not say where it stands fills the first gap that
// holds it; what finds none is drawn in what is left, so that nothing is hidden.
export function boxesOf(seats: readonly Seat[], memorySlices: number): Box[] {
  if (seats.length === 0) return [];
  if (memorySlices < 1 || seats.every((seat) => seat.profile === null)) {
    return seats.map((seat, i) => ({from: i / seats.length, to: (i + 1) / seats.length, seat}));
  }
  const taken = Array<Stand | null>(memorySlices).fill(null);
  const fits = (at: number, size: number) =>
    at >= 0 && at + size <= memorySlices && taken.slice(at, at + size).every((slot) => slot === null);
  const homeless: Stand[] = [];
  const stands = standsOf(seats);
  const known = stands.filter((stand) => stand.start !== null);
  const unknown = stands.filter((stand) => stand.start === null).sort((a, b) => b.size - a.size);
  for (const stand of [...known, ...unknown]) {
    const starts = stand.start !== null ? [stand.start] : [...taken.keys()];
    const at = starts.find((start) => fits(start, stand.size));
    if (at === undefined) homeless.push(stand);
    else taken.fill(stand, at, at + stand.size);
  }
  for (const stand of homeless) {
    const at = taken.indexOf(null);
    if (at >= 0) taken[at] = stand;
  }
  const boxes: Box[] = [];
  for (let at = 0; at < memorySlices; ) {
    const stand = taken[at]!;
    let end = at + 1;
    while (end < memorySlices && taken[end] === stand) end += 1;
    const shares = stand?.seats ?? [null];
    const width = (end - at) / memorySlices / shares.length;
    shares.forEach((seat, i) =>
      boxes.push({
        from: at / memorySlices + i * width,
        to: at / memorySlices + (i + 1) * width,
        seat,
      }),
    );
    at = end;
  }
  return boxes;
}

const key = (seats: readonly Seat[]) =>
  JSON.stringify(seats.map((seat) => [seat.profile, seat.start, seat.replica, seat.pod]));

export function changes(card: Card): boolean {
  return key(card.before) !== key(card.after);
}

// Nodes by what a person looks for: those that stay and change, then added, then given back.
const ORDER = {Stays: 0, Added: 1, GivenBack: 2};
export function nodesInOrder(nodes: readonly PlanNode[]): PlanNode[] {
  return [...nodes].sort((a, b) => ORDER[a.change] - ORDER[b.change]);
}

// ---- waiting ----

export interface WaitingGroup {
  never: boolean;
  reason: string;
  why: string;
  remedy: string;
  pods: Waiting[];
}

// Pods of one namespace that wait for the same; those that wait for ever first.
export function waitingGroups(waiting: readonly Waiting[]): WaitingGroup[] {
  const groups = new Map<string, WaitingGroup>();
  for (const pod of waiting) {
    const {never, reason, why, remedy} = pod;
    const id = JSON.stringify([pod.namespace, reason, why, remedy]);
    const group = groups.get(id);
    if (group) group.pods.push(pod);
    else groups.set(id, {never, reason, why, remedy, pods: [pod]});
  }
  return [...groups.values()].sort((a, b) => Number(b.never) - Number(a.never));
}
