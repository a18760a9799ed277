// The report as JSON, version 1: docs/report-json.md. null means unknown, never zero.

export type LeakName = 'Idle' | 'Oversized' | 'Unshared' | 'OnDemand';
export type SeatState = 'Free' | 'Idle' | 'Oversized' | 'Unshared' | 'Useful' | 'Unmeasured';
export type Level = 'High' | 'Medium' | 'Low';

export interface Evidence {
  metric: string;
  activeMean: number | null;
  activeMax: number | null;
  busyShare: number | null;
  lastActive: string | null;
  memoryMaxMiB: number | null;
  memoryTotalMiB: number | null;
  coverage: number | null;
  samples: number | null;
}

export interface Finding {
  kind: string;
  node: string;
  gpu: number | null;
  instance: string;
  model: string;
  namespace: string;
  pod: string;
  owner: string;
  team: string;
  gpus: number;
  usdPerMonth: number | null;
  confidence: Level;
  evidence: Evidence | null;
  technique: string;
  target: string;
  why?: string;
  fix: string;
  risk: Level;
  riskReason: string;
}

export interface Leak {
  leak: LeakName;
  title: string;
  usdPerMonth: number;
  gpus: number;
  unpriced: number;
  findings: Finding[];
}

export interface Step {
  step: string;
  findings: number;
  gpus: number;
  usdPerMonth: number | null;
  why: string;
}

export interface Group {
  key: string;
  gpus: number;
  usdPerMonth: number;
  wasteUsdPerMonth: number;
  idle: number;
  oversized: number;
  unshared: number;
  onDemand: number;
  useful?: number;
  unmeasured: number;
}

export interface Seat {
  profile: string;
  start: number | null;
  size: number;
  share: number;
  namespace: string;
  pod: string;
  team: string;
  state: SeatState;
  active: number | null;
  exact: boolean;
}

export interface Card {
  node: string;
  gpu: number;
  model: string;
  product: string;
  usdPerMonth: number | null;
  layout: string;
  memorySlices: number;
  sharing: string;
  replicas: number;
  seats: Seat[];
}

export interface Totals {
  nodes: number;
  gpuNodes: number;
  gpus: number;
  podsHolding: number;
  podsPending: number;
  gpusHeld: number;
  gpusMeasured: number;
  gpusWithoutPrice: number;
  gpusUnknownModel: number;
  usdPerMonth: number;
  wasteUsdPerMonth: number;
  wasteShare: number | null;
  usefulUsdPerMonth: number;
  unmeasuredUsdPerMonth: number;
  utilization: number | null;
  allocation: number | null;
}

export type Axis = 'namespace' | 'team' | 'model' | 'node' | 'workload';

export interface Report {
  format: string;
  version: number;
  cluster: string;
  takenAt: string;
  window: {from: string; to: string; span: string; source: string} | null;
  totals: Totals;
  leaks: Leak[];
  steps: Step[];
  leftAlone: {
    reason: string;
    count: number;
    gpus: number;
    usdPerMonth: number | null;
    why: string;
  }[];
  by: Record<Axis, Group[]>;
  cards: Card[];
  gaps: {what: string; why: string; remedy: string}[];
  unknownModels: {product: string; gpus: number}[];
  unpriced: {instanceType: string; region: string; nodes: number; gpus: number}[];
  priceSources: {source: string; asOf: string; note: string; nodes: number}[];
}
