// The colours of the states can be told apart with any of the three kinds of colour blindness.
import {describe, expect, it} from 'vitest';
import css from '../base.css?raw';

type Triple = [number, number, number];

const [light, dark] = css.split('prefers-color-scheme: dark');
const NAMES = ['idle', 'oversized', 'unshared', 'ondemand', 'useful', 'unmeasured'];

// Viénot, Brettel, Mollon (1999) for the first two, a common linear fit for the third; linear RGB.
const SIGHT: Record<string, Triple[]> = {
  common: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deuteranopia: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
  tritanopia: [
    [1, 0.1446, -0.1446],
    [0, 0.8592, 0.1408],
    [0, 0.8592, 0.1408],
  ],
};

function colourOf(part: string, name: string): Triple {
  const hex = new RegExp(`--${name}: #([0-9a-f]{6})`).exec(part)![1]!;
  return [0, 2, 4].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Triple;
}

function seen(colour: Triple, sight: Triple[]): Triple {
  return sight.map((row) =>
    Math.min(1, Math.max(0, row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2])),
  ) as Triple;
}

// CIE L*a*b*, D65.
function lab([r, g, b]: Triple): Triple {
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ];
  const [x, y, z] = xyz.map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)) as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function difference(a: Triple, b: Triple): number {
  const [one, two] = [lab(a), lab(b)];
  return Math.hypot(one[0] - two[0], one[1] - two[1], one[2] - two[2]);
}

describe.each([
  ['light', light!],
  ['dark', dark!],
])('%s', (_, part) => {
  describe.each(Object.entries(SIGHT))('%s', (_name, sight) => {
    const pairs = NAMES.flatMap((a, i) => NAMES.slice(i + 1).map((b) => [a, b] as const));
    it.each(pairs)('%s and %s', (a, b) => {
      expect(
        difference(seen(colourOf(part, a), sight), seen(colourOf(part, b), sight)),
      ).toBeGreaterThan(20);
    });
  });
});
