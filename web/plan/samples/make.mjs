// Writes sample plans: node plan/samples/make.mjs [DIR [NAME...]]    (DIR: this folder; NAME: all)
//
//   small.json    every kind of action, MIG in several layouts, shares, nodes that come and go
//   many.json     10,000 actions on 1,250 nodes
//   hostile.json  names made to break a page
//   empty.json    nothing to do
//
// Always the same bytes.
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const pod = (namespace, name) => ({namespace, name});
const whole = (who) => ({profile: null, start: null, size: 0, replica: 0, pod: who ?? null});
const share = (replica, who) => ({...whole(who), replica});
const slice = (profile, start, size, who) => ({profile, start, size, replica: 0, pod: who ?? null});
const card = (gpu, before, after, model = 'A100-40GB') => ({
  gpu,
  model,
  memorySlices: 8,
  before,
  after,
});

const totals = (nodes, gpus, held, busy, usd, waiting) => ({
  nodes,
  gpus,
  gpusHeld: held,
  gpusBusy: busy,
  usdPerHour: usd,
  nodesWithoutPrice: 0,
  podsWaiting: waiting,
});

function action(id, pass, kind, fields) {
  return {
    id,
    pass,
    kind,
    reason: 'pods wait for it',
    usdPerHourBefore: null,
    usdPerHourAfter: null,
    disturbs: [],
    needs: [],
    ...fields,
  };
}

function group(verb, sign, what, where, actions, fields = {}) {
  return {verb, sign, what, where, why: 'pods wait for it', usdPerHourChange: null, actions, ...fields};
}

function node(name, change, cards, fields = {}) {
  return {
    name,
    change,
    pool: 'a100',
    instanceType: 'p4d.24xlarge',
    usdPerHour: 21.957642,
    exact: true,
    cards,
    ...fields,
  };
}

function empty() {
  return {
    format: 'tangram-plan',
    version: 1,
    cluster: 'quiet',
    takenAt: '2026-11-21T12:00:00Z',
    before: totals(0, 0, 0, null, 0, 0),
    after: totals(0, 0, 0, null, 0, 0),
    actions: [],
    groups: [],
    nodes: [],
    waiting: [],
    certificates: [],
  };
}

function small() {
  const [api, sweep, big] = [pod('web', 'api-7d9f'), pod('vision', 'sweep-0'), pod('lab', 'big-0')];
  const [web, idle, chat] = [pod('web', 'front-0'), pod('lab', 'notebook-0'), pod('chat', 'bot-0')];
  const actions = [
    action(0, 'place', 'PlacePod', {pod: big, node: 'b-0', reason: '2 of 8 free there'}),
    action(1, 'share', 'Reshare', {
      node: 'c-0',
      sharing: 'TimeSlicing',
      replicasBefore: 1,
      replicasAfter: 4,
      profile: null,
      reason: 'pods wait for a share',
    }),
    action(2, 'share', 'PlacePod', {pod: chat, node: 'c-0', reason: 'on a new share', needs: [1], gpuMemory: {seenMiB: 3000, shareMiB: 6144, enforced: false, servingFlags: [{server: 'vLLM', flag: '--gpu-memory-utilization=0.22'}]}}),
    action(3, 'partition', 'Repartition', {
      node: 'a-0',
      gpu: 1,
      layoutBefore: [],
      layoutAfter: [
        {profile: '3g.20gb', start: 0},
        {profile: '3g.20gb', start: 4},
      ],
    }),
    action(4, 'partition', 'PlacePod', {pod: sweep, node: 'a-0', reason: 'on a new instance', needs: [3]}),
    action(5, 'resize', 'StopPod', {pod: idle, node: 'b-0', reason: 'it did nothing', disturbs: [idle]}),
    action(6, 'resize', 'ResizePod', {
      pod: api,
      from: 'd-0',
      node: 'a-0',
      resourceBefore: 'nvidia.com/gpu',
      resourceAfter: 'nvidia.com/mig-3g.20gb',
      reason: 'it needs no more',
      disturbs: [api],
      needs: [3],
    }),
    action(7, 'consolidate', 'MovePod', {
      pod: web,
      from: 'd-0',
      node: 'b-0',
      reason: 'empties d-0',
      disturbs: [web],
    }),
    action(8, 'scale', 'AddNode', {node: 'new-1', like: 'b-0', capacityType: 'Spot', usdPerHourAfter: 4.5}),
    action(9, 'scale', 'GiveBack', {
      node: 'd-0',
      usdPerHourBefore: 21.957642,
      reason: 'no pod is left on it',
      needs: [6, 7],
    }),
  ];
  const verbs = ['place', 'share', 'place', 'cut', 'place', 'stop', 'resize', 'move', 'add', 'give back'];
  const signs = ['+', '~', '+', '~', '+', '-', '~', '~', '+', '-'];
  const groups = actions.map((each, i) =>
    group(verbs[i], signs[i], each.pod ? `${each.pod.namespace}/${each.pod.name}` : 'the node', each.node, [i], {
      why: each.reason,
      usdPerHourChange: i === 8 ? 4.5 : i === 9 ? -21.957642 : null,
    }),
  );
  groups.splice(2, 1);
  groups[0] = group('place', '+', '2 pods of lab/big', '2 nodes', [0, 2]);
  const nodes = [
    node('a-0', 'Stays', [
      card(
        0,
        [slice('3g.20gb', 4, 4, web), slice('1g.5gb', 0, 1), slice('2g.10gb', null, 2, api)],
        [slice('3g.20gb', 4, 4, web), slice('1g.5gb', 0, 1), slice('2g.10gb', null, 2, api)],
      ),
      card(1, [whole()], [slice('3g.20gb', 0, 4, sweep), slice('3g.20gb', 4, 4, api)]),
    ]),
    node('b-0', 'Stays', [
      card(0, [whole(idle)], [whole(web)], 'T4'),
      card(1, [whole()], [whole(big)], 'T4'),
    ], {exact: false, usdPerHour: 4.5}),
    node('c-0', 'Stays', [
      card(0, [whole()], [share(0, chat), share(1), share(2), share(3)], 'L4'),
    ], {usdPerHour: null, instanceType: ''}),
    node('d-0', 'GivenBack', [card(0, [whole(api)], []), card(1, [whole(web)], [])]),
    node('new-1', 'Added', [card(0, [], [whole()], 'T4')]),
  ];
  return {
    ...empty(),
    cluster: 'small',
    before: totals(4, 7, 4, 0.5, 70.2, 5),
    after: totals(4, 6, 5, 0.5, 52.75, 2),
    actions,
    groups,
    nodes,
    waiting: [
      {...pod('lab', 'huge-0'), reason: 'TooLarge', never: true, why: 'it asks for 16 nvidia.com/gpu; a node has at most 8', remedy: 'ask for less in one pod, or add a larger node'},
      {...pod('lab', 'next-0'), reason: 'NoRoom', never: false, why: 'others hold it', remedy: 'it waits until pods end'},
      {...pod('lab', 'next-1'), reason: 'NoRoom', never: false, why: 'others hold it', remedy: 'it waits until pods end'},
    ],
    certificates: [
      {what: 'A100-40GB cards cut', value: 1, lowerBound: 1},
      {what: 'H100 cards cut', value: 3, lowerBound: 2},
    ],
  };
}

function many() {
  const plan = {...empty(), cluster: 'many', before: totals(1250, 10000, 5000, 900, 21000, 10000), after: totals(1250, 10000, 9000, 900, 21000, 0)};
  for (let n = 0; n < 1250; ++n) {
    const cards = [];
    for (let g = 0; g < 8; ++g) {
      const who = pod(`team-${n % 17}`, `worker-${n}-${g}`);
      plan.actions.push(action(plan.actions.length, 'place', 'PlacePod', {pod: who, node: `node-${n}`}));
      cards.push(card(g, [whole()], [whole(who)]));
    }
    plan.nodes.push(node(`node-${n}`, 'Stays', cards));
  }
  const ids = plan.actions.map(({id}) => id);
  for (let at = 0; at < ids.length; at += 50)
    plan.groups.push(group('place', '+', `50 pods of team/w-${at}`, '7 nodes', ids.slice(at, at + 50)));
  plan.groups[0].actions = ids.slice(0, 5000); // one that has to be folded
  plan.groups = [plan.groups[0], ...plan.groups.slice(100)];
  return plan;
}

const EVIL = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  'javascript:alert(1)',
  '\u202Egnp.exe',
  'x'.repeat(3000),
  '\u0000\u0007\u001b[31m',
  '__TANGRAM_DATA__',
  '__proto__',
  '${1+1}{{1+1}}',
];

// Every text of the small plan becomes a hostile one; what the page goes by stays.
function hostile() {
  const plan = small();
  let next = 0;
  const evil = () => EVIL[next++ % EVIL.length];
  const keep = new Set(['format', 'version', 'takenAt', 'kind', 'pass', 'change', 'sign']);
  const spoil = (value, key) => {
    if (typeof value === 'string') return keep.has(key) ? value : evil();
    if (Array.isArray(value)) return value.map((each) => spoil(each, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, spoil(each, name)]));
  };
  const spoilt = spoil(plan, '');
  spoilt.actions[0].kind = spoilt.actions[0].pass = EVIL[0];
  spoilt.groups[0].sign = EVIL[1];
  spoilt.takenAt = EVIL[2];
  return spoilt;
}

export const SAMPLES = {small, many, hostile, empty};
export const CHECKED = ['small', 'many', 'hostile', 'empty']; // in Chromium

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  const dir = process.argv[2] ?? dirname(here);
  mkdirSync(dir, {recursive: true});
  const chosen = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(SAMPLES);
  for (const sample of chosen) {
    writeFileSync(join(dir, `${sample}.json`), JSON.stringify(SAMPLES[sample]()));
  }
}
