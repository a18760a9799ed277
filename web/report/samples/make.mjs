// Writes sample reports: node report/samples/make.mjs [DIR [NAME...]]    (DIR: this folder; NAME: all)
//
//   small.json    a mixed, messy cluster: A100 in several MIG layouts, T4 time-sliced, L4, H100 by
//                 DRA, idle notebooks, cards without a price
//   large.json    136 nodes of 8 H200
//   many.json     80,000 findings
//   hostile.json  names made to break a page
//   empty.json    a cluster without GPUs
//
// Always the same bytes.
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Sampler} from './sampler.mjs';

const WORDS = {
  namespaces: [
    'research',
    'research',
    'inference',
    'vision',
    'speech',
    'batch',
    'staging',
    'sandbox',
  ],
  teams: ['vision', 'nlp', 'nlp', 'platform', 'ads', ''],
  notebooks: ['train', 'serve-llama', 'embed', 'eval', 'jupyter'],
  pending: 7,
};

function small() {
  const sampler = new Sampler('prod-eu', 7, WORDS);
  for (let i = 0; i < 4; i += 1) {
    sampler.node({
      name: `gpu-a100-${i}`,
      model: 'A100-40GB',
      gpus: 8,
      layouts: ['sevenths', 'halves', null, 'mixed', 'partly'],
      states: ['?'],
      spot: i === 3,
    });
  }
  sampler.node({name: 'gpu-a100-4', model: 'A100-40GB', gpus: 8, states: ['Free']});
  sampler.node({
    name: 'gpu-a100-7x4',
    model: 'A100-40GB',
    gpus: 2,
    layouts: ['sevenths'],
    replicas: 4,
    sharing: 'TimeSlicing',
    states: ['Unmeasured', 'Free', 'Unmeasured', 'Unmeasured'],
  });
  for (let i = 0; i < 6; i += 1) {
    sampler.node({
      name: `gpu-t4-${i}`,
      model: 'T4',
      gpus: 1,
      replicas: 4,
      sharing: 'TimeSlicing',
      states: [
        ['Unmeasured', 'Free'],
        ['Free', 'Free'],
        ['Unmeasured', 'Idle'],
      ][i % 3],
    });
  }
  for (let i = 0; i < 8; i += 1) {
    sampler.node({
      name: `gpu-l4-${i}`,
      model: 'L4',
      gpus: 1,
      states: [['Idle'], ['Unshared'], ['Useful'], ['Idle']][i % 4],
      spot: i === 2,
    });
  }
  sampler.node({
    name: 'gpu-h100-0',
    model: 'H100-80GB',
    gpus: 8,
    layouts: ['halves', 'mixed', null],
    states: ['Useful', '?', 'Idle', 'Oversized'],
    dra: true,
  });
  sampler.node({
    name: 'gpu-h100-1',
    model: 'H100-80GB',
    gpus: 8,
    states: ['Useful', 'Useful', 'Useful', 'Idle'],
    spot: true,
    dra: true,
  });
  sampler.node({
    name: 'gpu-lab-0',
    model: 'L4',
    gpus: 2,
    states: ['Idle', 'Unmeasured'],
    priced: false,
    product: 'NVIDIA-RTX-XYZ-Preview',
  });
  return sampler.report({
    leftAlone: [
      {
        reason: 'Busy',
        count: 21,
        gpus: 14.5,
        usdPerMonth: 48230.11,
        why: 'measured, and used well',
      },
      {
        reason: 'ManyGpus',
        count: 3,
        gpus: 12,
        usdPerMonth: 26805.6,
        why: 'its pod holds several cards, and instances have no peer-to-peer',
      },
      {
        reason: 'Young',
        count: 2,
        gpus: 1.25,
        usdPerMonth: 2791.9,
        why: 'started less than 30 minutes ago',
      },
      {
        reason: 'UnknownModel',
        count: 2,
        gpus: 2,
        usdPerMonth: null,
        why: 'nothing is known about this card',
      },
    ],
    gaps: [
      {
        what: '9 pods on time-sliced T4 cards',
        why: 'DCGM reports the physical card and names only one of its pods',
        remedy: 'run dcgm-exporter 4 with per-pod attribution, or accept the card as a whole',
      },
      {
        what: 'No memory figures on gpu-l4-3',
        why: 'the exporter there answers without DCGM_FI_DEV_FB_USED',
        remedy: "add the field to the exporter's metrics file",
      },
    ],
    unknownModels: [{product: 'NVIDIA-RTX-XYZ-Preview', gpus: 2}],
    unpriced: [{instanceType: 'on-prem-lab', region: 'cellar', nodes: 1, gpus: 2}],
    priceSources: [
      {
        source: 'AWS on-demand list, eu-central-1',
        asOf: '2026-07-20',
        note: 'without discounts',
        nodes: 22,
      },
    ],
  });
}

function large() {
  const sampler = new Sampler('h200-fleet', 11, {...WORDS, pending: 0});
  const kinds = [
    ['Useful'],
    ['Useful', 'Idle'],
    ['Idle'],
    ['Oversized', 'Useful'],
    ['Free'],
    ['Unshared', 'Useful', 'Useful'],
    ['Unmeasured'],
    ['Useful', 'Useful', 'Useful', 'Free'],
  ];
  for (let i = 0; i < 136; i += 1) {
    const cut = i % 17 === 5;
    sampler.node({
      name: `h200-${String(i).padStart(3, '0')}`,
      model: 'H200-141GB',
      gpus: 8,
      states: kinds[(i * 5) % kinds.length],
      layouts: cut ? ['sevenths', 'halves'] : [null],
      spot: i % 9 === 0,
    });
  }
  return sampler.report({
    leftAlone: [
      {reason: 'Busy', count: 512, gpus: 512, usdPerMonth: 2956416, why: 'measured, and used well'},
    ],
    priceSources: [
      {source: 'AWS on-demand list, us-east-1', asOf: '2026-07-20', note: '', nodes: 136},
    ],
  });
}

function many() {
  const sampler = new Sampler('many-findings', 13, {
    ...WORDS,
    namespaces: Array.from({length: 400}, (_, i) => `team-${i}`),
  });
  for (let i = 0; i < 1430; i += 1) {
    sampler.node({
      name: `node-${i}`,
      model: 'A100-40GB',
      gpus: 8,
      layouts: ['sevenths'],
      states: ['Idle', 'Oversized', 'Idle'],
    });
  }
  return sampler.report();
}

function hostile() {
  const long = 'x'.repeat(10_000);
  const evil = [
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(2)>',
    '"\'`&amp;&lt;',
    '\u202egnp.exe\u202c',
    'שלום-עולם',
    'مرحبا',
    '<!--<script>',
    ']]>',
    '\u2028\u2029',
    '${alert(3)}',
    '__proto__',
    'constructor',
    '__TANGRAM_DATA__',
    '$& $1 $`',
    '🧩🧩🧩',
    'tab\there',
    '\u0000nul',
    'a\u0301\u0301\u0301\u0301',
    long,
  ];
  const sampler = new Sampler(evil[0], 17, {namespaces: evil, teams: evil, notebooks: evil});
  evil.forEach((name, i) =>
    sampler.node({
      name: `${name}${i}`,
      model: i % 2 ? 'L4' : 'A100-40GB',
      gpus: 1,
      states: ['?'],
      layouts: i % 2 ? [null] : ['mixed'],
      product: i % 3 ? undefined : name,
      spot: i % 4 === 0,
    }),
  );
  const texts = {
    gaps: evil.map((what) => ({what, why: what, remedy: what})),
    unknownModels: evil.map((product) => ({product, gpus: 1})),
    unpriced: evil.map((name) => ({instanceType: name, region: name, nodes: 1, gpus: 1})),
    priceSources: evil.map((name) => ({source: name, asOf: name, note: name, nodes: 1})),
    leftAlone: evil.map((name) => ({
      reason: name,
      count: 1,
      gpus: 1,
      usdPerMonth: null,
      why: name,
    })),
  };
  const report = sampler.report(texts);
  report.takenAt = evil[1];
  report.window = {from: evil[0], to: evil[1], span: evil[2], source: long};
  report.leaks.forEach((leak, i) => Object.assign(leak, {title: evil[i]}));
  report.steps.push({step: '__proto__', findings: 1, gpus: 1, usdPerMonth: null, why: evil[0]});
  for (const leak of report.leaks) {
    leak.findings.forEach((finding, i) =>
      Object.assign(finding, {
        fix: evil[i % evil.length],
        riskReason: evil[(i + 1) % evil.length],
        target: evil[(i + 2) % evil.length],
      }),
    );
  }
  return report;
}

function empty() {
  const report = new Sampler('no-gpus', 19, WORDS).report();
  report.window = null;
  return report;
}

export const SAMPLES = {small, large, many, hostile, empty};
export const CHECKED = ['small', 'large', 'hostile', 'empty']; // in Chromium

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  const dir = process.argv[2] ?? dirname(here);
  mkdirSync(dir, {recursive: true});
  const chosen = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(SAMPLES);
  for (const sample of chosen) {
    writeFileSync(join(dir, `${sample}.json`), JSON.stringify(SAMPLES[sample]()));
  }
}
