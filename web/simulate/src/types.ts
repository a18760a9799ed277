// docs/schema/simulate.schema.json, as far as the page reads it.

export interface Wait {
  mean: number; // seconds
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface Pods {
  arrived: number;
  waiting: number;
  running: number;
  done: number;
  failed: number;
}

export interface Point extends Pods {
  seconds: number;
  nodes: number;
  gpuCapacityMilli: number;
  gpuAllocatedMilli: number;
  fragmentation: number;
  dollars: number;
}

export interface Workload extends Pods {
  name: string;
  disturbed: number;
  waitSeconds: Wait;
}

export interface NodeGroup {
  name: string;
  nodeHours: number;
  dollars: number | null;
}

export interface Run extends Pods {
  policy: string;
  cutting: string;
  lengthSeconds: number;
  disturbed: number;
  interruptions: number;
  boots: number;
  cuts: number;
  waitSeconds: Wait;
  fragmentation: number;
  gpuHours: {on: number; allocated: number; useful: number};
  dollars: number | null;
  dollarsPerUsefulGpuHour: number | null;
  nodeGroups: NodeGroup[];
  workloads: Workload[];
  curve: Point[];
}

export interface Simulation {
  input: string;
  notes: string[];
  runs: Run[];
}
