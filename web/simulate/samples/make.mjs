// Sample simulations for the page's tests. Always the same values.

const POLICIES = ['tangram', 'fgd', 'best-fit', 'dot-product', 'gpu-packing', 'gpu-clustering', 'random'];

function wait(mean) {
  return {mean, p50: mean / 2, p95: mean * 4, p99: mean * 9, max: mean * 20};
}

function run(policy, index, {workload = 'chat', priced = true, points = 97} = {}) {
  const lengthSeconds = 86_400;
  const curve = Array.from({length: points}, (_, at) => {
    const part = points > 1 ? at / (points - 1) : 0;
    const held = Math.round(16_000 * (1 + Math.sin(6 * part + index / 4)));
    const arrived = Math.round(1200 * part);
    return {
      seconds: lengthSeconds * part,
      nodes: 8,
      gpuCapacityMilli: 40_000,
      gpuAllocatedMilli: held,
      fragmentation: 0.3,
      dollars: priced ? 2600 * part * (1 + index / 10) : 0,
      arrived,
      waiting: index,
      running: 5,
      done: Math.max(0, arrived - 5 - index),
      failed: 0,
    };
  });
  const pods = {arrived: 1200, waiting: index, running: 5, done: 1195 - index, failed: 0};
  return {
    kind: 'Run',
    policy,
    cutting: 'beside',
    lengthSeconds,
    placed: 1200 - index,
    ...pods,
    disturbed: index,
    interruptions: 2,
    boots: 12,
    cuts: 3,
    waitSeconds: wait(5.8 + index),
    gpuCapacityMilli: 40_000,
    gpuAllocatedMilli: 16_000,
    fragmentation: 0.3 + index / 100,
    gpuHours: {on: 960, allocated: 400, useful: 396},
    dollars: priced ? 2600 * (1 + index / 10) : null,
    dollarsPerUsefulGpuHour: priced ? 6.57 : null,
    nodeGroups: [{name: 'a100', nodeHours: 120, dollars: priced ? 2600 : null}],
    workloads: [{name: workload, ...pods, disturbed: index, waitSeconds: wait(5.8)}],
    wallSeconds: 0.01,
    curve,
  };
}

function page(runs, input = 'examples/day.yaml', notes = []) {
  return {format: 'tangram-simulation', version: 1, input, notes, runs};
}

const HOSTILE = '"></script><img src=x onerror=alert(1)>\u202egnp.\u0000'.repeat(20);

export const SAMPLES = {
  all: () => page(POLICIES.map((policy, index) => run(policy, index))),
  one: () => page([run('tangram', 0, {priced: false, points: 1})]),
  hostile: () => page([run('fgd', 1, {workload: HOSTILE})], HOSTILE, [HOSTILE]),
};
export const CHECKED = Object.keys(SAMPLES);
