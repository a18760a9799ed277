// What the names in the report mean, in the page's own words.
import type {LeakName, SeatState} from './types';

export const LEAKS: Record<LeakName, {title: string; meaning: string; colour: string}> = {
  Idle: {
    title: 'Idle GPUs and nodes',
    colour: 'idle',
    meaning: 'Cards that nobody holds, or whose pod does nothing with them.',
  },
  Oversized: {
    title: 'Oversized allocations',
    colour: 'oversized',
    meaning: 'Pods that hold a whole card or a large slice where a smaller slice would do.',
  },
  Unshared: {
    title: 'One workload per GPU',
    colour: 'unshared',
    meaning: 'Light workloads that have a card to themselves and could take turns on one.',
  },
  OnDemand: {
    title: 'Full price for interruptible work',
    colour: 'ondemand',
    meaning: 'Nodes at the on-demand price whose work could run on spot capacity.',
  },
};

export const STATES: Record<SeatState, {title: string; colour: string; meaning: string}> = {
  Idle: {title: 'Idle', colour: 'idle', meaning: 'held, and the GPU did nothing'},
  Oversized: {title: 'Oversized', colour: 'oversized', meaning: 'a smaller slice would do'},
  Unshared: {title: 'Unshared', colour: 'unshared', meaning: 'could share its card'},
  Useful: {title: 'Useful', colour: 'useful', meaning: 'measured, and worth its price'},
  Unmeasured: {title: 'Unmeasured', colour: 'unmeasured', meaning: 'held, use unknown'},
  Free: {title: 'Free', colour: 'free', meaning: 'nobody holds it'},
};

export const KINDS: Record<string, string> = {
  EmptyNode: 'Empty node',
  FreeCard: 'Free card',
  IdlePod: 'Idle pod',
  FreeSlices: 'Free slices',
  OversizedCard: 'Card larger than needed',
  OversizedInstance: 'Instance larger than needed',
  FreeReplicas: 'Free shares',
  UnsharedCard: 'Card not shared',
  OnDemandNode: 'On-demand node',
};

export const TECHNIQUES: Record<string, string> = {
  ScaleToZero: 'Scale to zero',
  Consolidate: 'Consolidate',
  Relayout: 'New MIG layout',
  Mig: 'MIG instance',
  TimeSlicing: 'Time-slicing',
  Mps: 'MPS',
  Dra: 'DRA claim',
  Spot: 'Spot capacity',
};

export const STEPS: Record<string, {title: string; techniques: string[]}> = {
  Instrument: {title: 'Measure what is held', techniques: []},
  ScaleToZero: {title: 'Give back what is idle', techniques: ['ScaleToZero', 'Consolidate']},
  Share: {title: 'Share cards', techniques: ['TimeSlicing', 'Mps']},
  Partition: {title: 'Cut cards with MIG', techniques: ['Mig', 'Relayout']},
  Spot: {title: 'Move work to spot', techniques: ['Spot']},
  Dra: {title: 'Ask for devices by DRA', techniques: ['Dra']},
};
