import {describe, expect, it} from 'vitest';
import {SAMPLES} from '../samples/make.mjs';
import {readReport} from '../src/read';

describe('readReport', () => {
  it.each(Object.keys(SAMPLES).filter((name) => name !== 'many'))('reads the sample %s', (name) => {
    expect(readReport(JSON.stringify(SAMPLES[name as keyof typeof SAMPLES]()))).toHaveProperty(
      'data',
    );
  });

  const whole = SAMPLES.empty() as Record<string, unknown>;
  it.each([
    ['', 'not JSON'],
    ['__TANGRAM_DATA__', 'not JSON'],
    ['null', 'not a Tangram report'],
    ['[]', 'not a Tangram report'],
    ['{"format":"other"}', 'not a Tangram report'],
    [JSON.stringify({...whole, version: 2}), 'version 2'],
    [JSON.stringify({...whole, totals: null}), 'no totals'],
    [JSON.stringify({...whole, cards: {}}), '"cards"'],
    [JSON.stringify({...whole, by: {}}), 'by.namespace'],
  ])('says what is wrong with %.40s', (text, want) => {
    const result = readReport(text);
    expect('problem' in result && result.problem).toContain(want);
  });
});
