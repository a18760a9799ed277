import {describe, expect, it} from 'vitest';
import {
  clip,
  count,
  gib,
  gpus,
  percent,
  plural,
  sentence,
  title,
  usd,
  usdShort,
  visible,
  when,
  words,
} from '../format';

describe('usd', () => {
  it.each([
    [null, 'unknown'],
    [undefined, 'unknown'],
    [Number.NaN, 'unknown'],
    [0, '$0'],
    [0.001, '<$0.01'],
    [0.005, '$0.01'],
    [12.3, '$12.30'],
    [99.99, '$99.99'],
    [99.996, '$100'],
    [100, '$100'],
    [1234.5, '$1,235'],
    [812345.12, '$812,345'],
    [-5.5, '−$5.50'],
  ])('%s is %s', (value, want) => expect(usd(value)).toBe(want));
});

describe('usdShort', () => {
  it.each([
    [0, '$0'],
    [950, '$950'],
    [12_340, '$12.3k'],
    [1_250_000, '$1.25M'],
  ])('%s is %s', (value, want) => expect(usdShort(value)).toBe(want));
});

describe('percent', () => {
  it.each([
    [null, 'unknown'],
    [0, '0%'],
    [1, '100%'],
    [0.0004, '<0.1%'],
    [0.071, '7.1%'],
    [0.63, '63%'],
    [0.9995, '>99.9%'],
    [0.995, '99.5%'],
    [0.1, '10%'],
  ])('%s is %s', (value, want) => expect(percent(value)).toBe(want));
});

describe('gpus', () => {
  it.each([
    [null, 'unknown'],
    [0.125, '0.125'],
    [1, '1'],
    [41.875, '41.9'],
    [9.40625, '9.41'],
    [1088, '1,088'],
  ])('%s is %s', (value, want) => expect(gpus(value)).toBe(want));
});

describe('words', () => {
  it.each([
    ['ScaleToZero', 'scale to zero'],
    ['NoSmallerFit', 'no smaller fit'],
    ['Mig', 'MIG'],
    ['ManyGpus', 'many GPUs'],
    ['', ''],
  ])('%s is %s', (value, want) => expect(words(value)).toBe(want));
  it('starts a title with a capital', () => expect(title('LeftAlone')).toBe('Left alone'));
  it('ends a sentence once', () => {
    expect(sentence('it is so')).toBe('It is so.');
    expect(sentence('Is it?')).toBe('Is it?');
    expect(sentence('  ')).toBe('');
  });
  it('counts', () => {
    expect(plural(1, 'pod')).toBe('1 pod');
    expect(plural(2, 'pod')).toBe('2 pods');
    expect(count(1234)).toBe('1,234');
    expect(gib(40320)).toBe('39 GiB');
    expect(gib(1536)).toBe('1.5 GiB');
  });
});

describe('when', () => {
  it('is in UTC', () => expect(when('2026-11-21T13:20:41Z')).toBe('21 Nov 2026, 13:20 UTC'));
  it('keeps what is no time', () => expect(when('soon')).toBe('soon'));
  it('says what is missing', () => expect(when(null)).toBe('unknown'));
});

describe('names', () => {
  it('keeps the ends of a long one', () => {
    expect(clip('serve-llama-70b-instruct-7f9c-xk2lp', 16)).toBe('serve-lla…-xk2lp');
    expect(clip('short', 16)).toBe('short');
  });
  it('cuts by characters, never inside one', () => {
    const short = clip('🧩'.repeat(5000), 9);
    expect([...short]).toHaveLength(9);
    expect(short).not.toMatch(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/,
    );
  });
  it('shows what would turn or hide text', () => {
    expect(visible('a\u202eb\u0000c\u200bd')).toBe('a\ufffdb\ufffdc\ufffdd');
    expect(visible('שלום')).toBe('שלום');
  });
});
