// Builds one report, card by card. Dollars are counted in whole micro-dollars, seat by seat, so
// every sum adds up as the report promises.

function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    whole: (n) => Math.floor(next() * n),
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

const MODELS = {
  'A100-40GB': {
    product: 'NVIDIA-A100-SXM4-40GB',
    usdPerHour: 3.06,
    slices: 8,
    mib: 40320,
    type: 'p4d.24xlarge',
  },
  T4: {product: 'Tesla-T4', usdPerHour: 0.526, slices: 0, mib: 15360, type: 'g4dn.xlarge'},
  L4: {product: 'NVIDIA-L4', usdPerHour: 0.805, slices: 0, mib: 23034, type: 'g6.xlarge'},
  'H100-80GB': {
    product: 'NVIDIA-H100-80GB-HBM3',
    usdPerHour: 6.88,
    slices: 8,
    mib: 81559,
    type: 'p5.48xlarge',
  },
  'H200-141GB': {
    product: 'NVIDIA-H200',
    usdPerHour: 7.91,
    slices: 8,
    mib: 143771,
    type: 'p5en.48xlarge',
  },
};
// profile, start, size of each instance on an A100-40GB or H100-80GB
const LAYOUTS = {
  sevenths: [0, 1, 2, 3, 4, 5, 6].map((start) => ['1g', start, 1]),
  halves: [
    ['3g', 0, 4],
    ['3g', 4, 4],
  ],
  mixed: [
    ['2g', 0, 2],
    ['2g', 2, 2],
    ['3g', 4, 4],
  ],
  partly: [
    ['1g', 0, 1],
    ['1g', 1, 1],
    ['2g', 2, 2],
  ],
};
const SUFFIX = {
  'A100-40GB': {'1g': '5gb', '2g': '10gb', '3g': '20gb'},
  'H100-80GB': {'1g': '10gb', '2g': '20gb', '3g': '40gb'},
  'H200-141GB': {'1g': '18gb', '2g': '35gb', '3g': '71gb'},
};
const LEAKS = ['Idle', 'Oversized', 'Unshared', 'OnDemand'];
const TITLES = [
  'Idle GPUs and nodes',
  'Oversized allocations',
  'One workload per GPU',
  'Full price for interruptible work',
];
const FIELD = {Idle: 'idle', Oversized: 'oversized', Unshared: 'unshared', OnDemand: 'onDemand'};
const micro = (usd) => Math.round(usd * 1e6);
const dollars = (value) => value / 1e6;

// Seats as [profile, start, size, share].
function seatsOf(model, layout, replicas) {
  const slices = MODELS[model].slices;
  const instances =
    layout === null
      ? [['', null, 0, 1]]
      : LAYOUTS[layout].map(([g, start, size]) => [
          `${g}.${SUFFIX[model][g]}`,
          start,
          size,
          size / slices,
        ]);
  const covered = instances.reduce((sum, seat) => sum + seat[3], 0);
  const seats = instances.flatMap(([profile, start, size, share]) =>
    Array.from({length: replicas}, () => [profile, start, size, share / replicas]),
  );
  if (covered < 1) seats.push(['', null, 0, 1 - covered]);
  return seats;
}

// What a pod in a state does: activity, what share of its cost is waste, which technique.
const BEHAVIOUR = {
  Idle: {
    active: 0.003,
    waste: 1,
    techniques: ['ScaleToZero'],
    kind: 'IdlePod',
    risk: 'Low',
    fix: 'stop it after 30 idle minutes',
    why: 'it may be in use by a person who thinks',
  },
  Oversized: {
    active: 0.06,
    waste: 0.75,
    techniques: ['Mig', 'Dra'],
    kind: 'OversizedCard',
    risk: 'Low',
    fix: 'cut a 2g.10gb and request nvidia.com/mig-2g.10gb: 1',
    why: 'memory and activity stay within the slice',
  },
  Unshared: {
    active: 0.09,
    waste: 0.75,
    techniques: ['TimeSlicing', 'Mps'],
    kind: 'UnsharedCard',
    risk: 'Medium',
    fix: 'share the card 4 ways and request one share',
    why: "no memory isolation: one pod can use up the card's memory",
  },
  Useful: {active: 0.62, waste: 0},
  Unmeasured: {active: null, waste: 0},
};

export class Sampler {
  constructor(cluster, seed, words) {
    Object.assign(this, {
      cluster,
      random: randomFrom(seed),
      words,
      cards: [],
      findings: {},
      lines: [],
      nodes: 0,
      pod: 0,
    });
    for (const leak of LEAKS) this.findings[leak] = [];
  }

  // One line of money: who, where, how it was used. Everything else is summed from these.
  line(who, card, share, cost, split) {
    this.lines.push({...who, model: card.model, node: card.node, share, cost, split});
  }

  finding(leak, card, seat, gpus, cost, more) {
    this.findings[leak].push({
      node: card.node,
      gpu: card.gpu,
      instance: seat.profile,
      model: card.model,
      namespace: seat.namespace,
      pod: seat.pod,
      owner: seat.pod ? `StatefulSet/${seat.pod.replace(/-\d+$/, '')}` : '',
      team: seat.team,
      gpus,
      usdPerMonth: card.usdPerMonth === null ? null : dollars(cost),
      confidence: 'High',
      evidence: null,
      target: '',
      risk: 'Low',
      riskReason: 'nothing runs there',
      ...more,
    });
  }

  evidence(model, active) {
    const total = MODELS[model]?.mib ?? 24576;
    const spread = active * (0.6 + this.random.next() * 0.8);
    return {
      metric: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
      activeMean: spread,
      activeMax: Math.min(1, spread * 4),
      busyShare: Math.min(1, spread * 1.4),
      lastActive: '2026-11-19T08:11:00Z',
      memoryMaxMiB: Math.round(total * (0.1 + 0.2 * this.random.next())),
      memoryTotalMiB: total,
      coverage: 0.9 + 0.1 * this.random.next(),
      samples: 20160 + this.random.whole(20000),
    };
  }

  seat(card, [profile, start, size, share], state, spot) {
    const free = state === 'Free';
    const who = free ? {namespace: '', pod: '', team: '', workload: ''} : this.who(state);
    const seat = {
      profile,
      start,
      size,
      share,
      namespace: who.namespace,
      pod: who.pod,
      team: who.team,
      state,
      active: null,
      exact: free || this.random.next() > 0.15,
    };
    card.seats.push(seat);
    const cost = card.usdPerMonth === null ? 0 : Math.round(micro(card.usdPerMonth) * share);
    const split = {Idle: 0, Oversized: 0, Unshared: 0, OnDemand: 0, useful: 0, unmeasured: 0};
    if (free) this.free(card, seat, cost, split);
    else this.held(card, seat, cost, split, spot);
    this.line(who, card, share, cost, split);
    return split;
  }

  who(state) {
    const {namespaces, teams, notebooks} = this.words;
    const namespace = this.random.pick(namespaces);
    this.pod += 1;
    const base =
      state === 'Idle' && this.random.next() < 0.7 ? 'notebook' : this.random.pick(notebooks);
    return {
      namespace,
      pod: `${base}-${this.pod}-0`,
      team: this.random.pick(teams),
      workload: `${namespace}/StatefulSet/${base}-${this.pod}`,
    };
  }

  free(card, seat, cost, split) {
    const part = card.seats.length > 1 || seat.share < 1;
    const leak = !part ? 'Idle' : card.sharing === 'None' ? 'Oversized' : 'Unshared';
    const kind = {Idle: 'FreeCard', Oversized: 'FreeSlices', Unshared: 'FreeReplicas'}[leak];
    split[leak] = cost;
    this.finding(leak, card, seat, seat.share, cost, {
      kind,
      technique: {Idle: 'Consolidate', Oversized: 'Relayout', Unshared: 'TimeSlicing'}[leak],
      fix: {
        Idle: 'move its neighbours together and give the node back',
        Oversized: 'cut the card to what is asked for',
        Unshared: 'pack the shares on fewer cards',
      }[leak],
    });
  }

  held(card, seat, cost, split, spot) {
    const behaviour = BEHAVIOUR[seat.state];
    if (seat.state === 'Unmeasured') {
      split.unmeasured = cost;
      return;
    }
    const evidence = this.evidence(card.model, behaviour.active);
    seat.active = evidence.activeMean;
    const waste = Math.round(cost * behaviour.waste);
    if (waste > 0 || behaviour.kind) {
      split[seat.state] = waste;
      const instance = seat.profile !== '' && seat.state === 'Oversized';
      this.finding(seat.state, card, seat, seat.share * behaviour.waste, waste, {
        kind: instance ? 'OversizedInstance' : behaviour.kind,
        technique: this.random.pick(behaviour.techniques),
        fix: behaviour.fix,
        risk: behaviour.risk,
        riskReason: behaviour.why,
        confidence: this.random.pick(['High', 'High', 'Medium', 'Low']),
        evidence,
      });
    }
    split.OnDemand = spot ? Math.round((cost - waste) * 0.6) : 0;
    split.useful = cost - waste - split.OnDemand;
  }

  // `states` gives the state of each seat in turn, or "?" for one at random.
  node({
    name,
    model,
    gpus,
    layouts = [null],
    replicas = 1,
    sharing = 'None',
    states,
    priced = true,
    spot = false,
    product,
    dra = false,
  }) {
    const facts = MODELS[model];
    this.nodes += 1;
    let spotCost = 0;
    for (let gpu = 0; gpu < gpus; gpu += 1) {
      const layout = layouts[gpu % layouts.length];
      const card = {
        node: name,
        gpu,
        model: product ? product : model,
        product: product ?? facts.product,
        usdPerMonth: priced ? dollars(micro(facts.usdPerHour) * 730) : null,
        layout:
          layout === null ? 'None' : dra ? 'Observed' : this.random.pick(['Observed', 'Inferred']),
        memorySlices: facts.slices,
        sharing,
        replicas,
        seats: [],
      };
      this.cards.push(card);
      seatsOf(model, layout, replicas).forEach((shape, index) => {
        const uncut = layout !== null && shape[0] === '';
        const state = uncut ? 'Free' : states[(gpu * 3 + index) % states.length];
        const chosen =
          state === '?'
            ? this.random.pick(['Idle', 'Oversized', 'Unshared', 'Useful', 'Free', 'Unmeasured'])
            : state;
        spotCost += this.seat({...card, seats: card.seats}, shape, chosen, spot).OnDemand;
      });
    }
    if (spot && spotCost > 0) {
      const seat = {profile: '', namespace: '', pod: '', team: ''};
      this.finding(
        'OnDemand',
        {node: name, gpu: null, model, usdPerMonth: 1},
        seat,
        gpus * 0.3,
        spotCost,
        {
          kind: 'OnDemandNode',
          technique: 'Spot',
          target: 'spot',
          fix: 'run its interruptible pods on spot capacity',
          risk: 'Medium',
          riskReason: "a node can be taken away with two minutes' notice",
        },
      );
    }
  }

  group(field) {
    const groups = new Map();
    for (const line of this.lines) {
      const key = line[field];
      const group = groups.get(key) ?? {
        share: 0,
        cost: 0,
        Idle: 0,
        Oversized: 0,
        Unshared: 0,
        OnDemand: 0,
        unmeasured: 0,
      };
      group.share += line.share;
      group.cost += line.cost;
      for (const leak of [...LEAKS, 'unmeasured']) group[leak] += line.split[leak];
      groups.set(key, group);
    }
    return [...groups]
      .map(([key, group]) => ({
        key,
        gpus: Number(group.share.toFixed(3)),
        usdPerMonth: dollars(group.cost),
        wasteUsdPerMonth: dollars(LEAKS.reduce((sum, leak) => sum + group[leak], 0)),
        ...Object.fromEntries(LEAKS.map((leak) => [FIELD[leak], dollars(group[leak])])),
        unmeasured: dollars(group.unmeasured),
      }))
      .sort((a, b) => b.wasteUsdPerMonth - a.wasteUsdPerMonth || (a.key < b.key ? -1 : 1));
  }

  total(field) {
    return this.lines.reduce((sum, line) => sum + line.split[field], 0);
  }

  totals() {
    const cost = this.lines.reduce((sum, line) => sum + line.cost, 0);
    const waste = LEAKS.reduce((sum, leak) => sum + this.total(leak), 0);
    const seats = this.cards.flatMap((card) => card.seats);
    const held = seats.filter((seat) => seat.state !== 'Free');
    const measured = held.filter((seat) => seat.active !== null);
    const share = (list) => Number(list.reduce((sum, seat) => sum + seat.share, 0).toFixed(3));
    const active = measured.reduce((sum, seat) => sum + seat.share * seat.active, 0);
    return {
      nodes: this.nodes + 4,
      gpuNodes: this.nodes,
      gpus: this.cards.length,
      podsHolding: held.length,
      podsPending: this.words.pending ?? 0,
      gpusHeld: share(held),
      gpusMeasured: share(measured),
      gpusWithoutPrice: this.cards.filter((card) => card.usdPerMonth === null).length,
      gpusUnknownModel: this.cards.filter((card) => !(card.model in MODELS)).length,
      usdPerMonth: dollars(cost),
      wasteUsdPerMonth: dollars(waste),
      wasteShare: cost === 0 ? null : waste / cost,
      usefulUsdPerMonth: dollars(this.total('useful')),
      unmeasuredUsdPerMonth: dollars(this.total('unmeasured')),
      utilization: measured.length === 0 ? null : active / share(measured),
      allocation:
        this.cards.length === 0
          ? null
          : this.cards.filter((card) => card.seats.some((seat) => seat.state !== 'Free')).length /
            this.cards.length,
    };
  }

  steps() {
    const all = LEAKS.flatMap((leak) => this.findings[leak]);
    const of = (step, techniques, why) => {
      const list = all.filter((finding) => techniques.includes(finding.technique));
      return {
        step,
        findings: list.length,
        gpus: list.reduce((sum, f) => sum + f.gpus, 0),
        usdPerMonth: dollars(list.reduce((sum, f) => sum + micro(f.usdPerMonth ?? 0), 0)),
        why,
      };
    };
    const unmeasured = this.cards
      .flatMap((card) => card.seats)
      .filter((seat) => seat.state === 'Unmeasured');
    const steps = [
      {
        step: 'Instrument',
        findings: unmeasured.length,
        gpus: unmeasured.reduce((sum, seat) => sum + seat.share, 0),
        usdPerMonth: null,
        why: 'what is not measured can be neither blamed nor trusted',
      },
      of('ScaleToZero', ['ScaleToZero', 'Consolidate'], 'it disturbs nobody and saves the most'),
      of('Share', ['TimeSlicing', 'Mps'], 'development pods wait most of the time'),
      of('Partition', ['Mig', 'Relayout'], 'instances keep hardware isolation'),
      of('Spot', ['Spot'], 'what survives an interruption need not pay full price'),
      of('Dra', ['Dra'], 'claims by what a device is let the scheduler choose'),
    ];
    return steps.filter((step) => step.findings > 0);
  }

  report(more = {}) {
    const leaks = LEAKS.map((leak, index) => {
      const findings = this.findings[leak].sort(
        (a, b) => (b.usdPerMonth ?? -1) - (a.usdPerMonth ?? -1),
      );
      return {
        leak,
        title: TITLES[index],
        usdPerMonth: dollars(this.total(leak)),
        gpus: Number(findings.reduce((sum, f) => sum + f.gpus, 0).toFixed(3)),
        unpriced: findings.filter((f) => f.usdPerMonth === null).length,
        findings,
      };
    });
    return {
      format: 'tangram-report',
      version: 1,
      cluster: this.cluster,
      takenAt: '2026-11-21T13:20:41Z',
      window: {
        from: '2026-11-07T13:20:41Z',
        to: '2026-11-21T13:20:41Z',
        span: '14d',
        source: 'prometheus http://prometheus.monitoring:9090',
      },
      totals: this.totals(),
      leaks,
      steps: this.steps(),
      leftAlone: [],
      by: Object.fromEntries(
        ['namespace', 'team', 'model', 'node', 'workload'].map((field) => [
          field,
          this.group(field),
        ]),
      ),
      cards: this.cards,
      gaps: [],
      unknownModels: [],
      unpriced: [],
      priceSources: [],
      ...more,
    };
  }
}
