import {describe, expect, it} from 'vitest';
import {SAMPLES} from '../samples/make.mjs';
import {readPlan} from '../src/read';

describe('readPlan', () => {
  it.each(Object.keys(SAMPLES))('reads the sample %s', (name) => {
    expect(readPlan(JSON.stringify(SAMPLES[name as keyof typeof SAMPLES]()))).toHaveProperty('data');
  });

  const whole = SAMPLES.small() as Record<string, unknown>;
  it.each([
    ['', 'not JSON'],
    ['__TANGRAM_DATA__', 'not JSON'],
    ['null', 'not a Tangram plan'],
    ['{"format":"tangram-report"}', 'not a Tangram plan'],
    [JSON.stringify({...whole, version: 2}), 'version 2'],
    [JSON.stringify({...whole, before: null}), 'no before'],
    [JSON.stringify({...whole, groups: {}}), '"groups"'],
    [JSON.stringify({...whole, actions: []}), 'not there'],
    [JSON.stringify({...whole, actions: [{id: 7}]}), 'not numbered'],
  ])('says what is wrong with %.40s', (text, want) => {
    const result = readPlan(text);
    expect('problem' in result && result.problem).toContain(want);
  });
});
