// The JSON of `tangram plan -o json` (docs/schema/plan.schema.json), as far as the page shows it.

export interface PodName {
  namespace: string;
  name: string;
}

export interface Totals {
  nodes: number;
  gpus: number;
  gpusHeld: number;
  gpusBusy: number | null;
  usdPerHour: number;
  nodesWithoutPrice: number;
  podsWaiting: number;
}

export interface Instance {
  profile: string;
  start: number | null;
}

// What a pod on a share was seen to use, and what the share leaves it.
export interface GpuMemory {
  seenMiB: number;
  shareMiB: number;
  enforced: boolean;
  servingFlags: {server: string; flag: string}[];
}

export interface Action {
  id: number;
  pass: string;
  kind: string;
  reason: string;
  usdPerHourBefore: number | null;
  usdPerHourAfter: number | null;
  disturbs: PodName[];
  needs: number[];
  pod?: PodName;
  from?: string;
  node: string;
  like?: string;
  gpu?: number;
  resourceBefore?: string;
  resourceAfter?: string;
  sharing?: string;
  replicasBefore?: number;
  replicasAfter?: number;
  profile?: string | null; // of the instances that are shared; null: whole cards
  capacityType?: string | null; // "Spot"; null: as the node that it is like
  gpuMemory?: GpuMemory | null; // of a share
  layoutBefore?: Instance[];
  layoutAfter?: Instance[];
}

export interface Group {
  verb: string;
  sign: string;
  what: string;
  where: string;
  why: string;
  usdPerHourChange: number | null;
  actions: number[];
}

export interface Seat {
  profile: string | null;
  start: number | null;
  size: number;
  replica: number;
  pod: PodName | null;
}

export interface Card {
  gpu: number;
  model: string;
  memorySlices: number;
  before: Seat[];
  after: Seat[];
}

export interface PlanNode {
  name: string;
  change: 'Stays' | 'Added' | 'GivenBack';
  pool: string;
  instanceType: string;
  usdPerHour: number | null;
  exact: boolean;
  cards: Card[];
}

export interface Waiting {
  namespace: string;
  name: string;
  reason: string;
  never: boolean;
  why: string;
  remedy: string;
}

export interface Certificate {
  what: string;
  value: number;
  lowerBound: number;
}

export interface Plan {
  cluster: string;
  takenAt: string;
  before: Totals;
  after: Totals;
  actions: Action[];
  groups: Group[];
  nodes: PlanNode[];
  waiting: Waiting[];
  certificates: Certificate[];
}
