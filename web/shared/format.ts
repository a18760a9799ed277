// Numbers, times and names as a person reads them. Pure.

const WHOLE = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
const CENTS = new Intl.NumberFormat('en-US', {minimumFractionDigits: 2, maximumFractionDigits: 2});
const FINE = new Intl.NumberFormat('en-US', {maximumFractionDigits: 3});

type Maybe = number | null | undefined;

function known(value: Maybe): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

// $12,345 from a hundred dollars up, $12.34 below.
export function usd(value: Maybe): string {
  if (!known(value)) return 'unknown';
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size === 0) return '$0';
  if (size < 0.005) return `${sign}<$0.01`;
  return `${sign}$${size < 99.995 ? CENTS.format(size) : WHOLE.format(size)}`;
}

// $1.2M, $340k: for the axis of a chart only.
export function usdShort(value: number): string {
  const size = Math.abs(value);
  const trim = (n: number) => FINE.format(Number(n.toPrecision(3)));
  if (size >= 1e6) return `$${trim(value / 1e6)}M`;
  if (size >= 1e3) return `$${trim(value / 1e3)}k`;
  return `$${trim(value)}`;
}

export function count(value: Maybe): string {
  return known(value) ? WHOLE.format(value) : 'unknown';
}

// Cards may be fractional: 0.125 of one is a 1g.10gb of an H100. Three figures are enough to read.
export function gpus(value: Maybe): string {
  if (!known(value)) return 'unknown';
  const digits = value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return FINE.format(Number(value.toFixed(digits)));
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${gpus(value)} ${value === 1 ? one : many}`;
}

// 63%, 7.1%, <0.1%. Never "0%" or "100%" for what is not quite that.
export function percent(share: Maybe): string {
  if (!known(share)) return 'unknown';
  const value = share * 100;
  if (value === 0) return '0%';
  if (value > 0 && value < 0.1) return '<0.1%';
  if (value > 99.9 && value < 100) return '>99.9%';
  const digits = value < 10 || (value > 99 && value < 100) ? 1 : 0;
  return `${Number(value.toFixed(digits))}%`;
}

export function gib(mib: Maybe): string {
  if (!known(mib)) return 'unknown';
  const value = mib / 1024;
  return `${value < 10 ? Number(value.toFixed(1)) : WHOLE.format(value)} GiB`;
}

// "2026-11-21T13:20:41Z" -> "21 Nov 2026, 13:20 UTC"; what is no time is shown as it is.
export function when(iso: string | null | undefined): string {
  if (!iso) return 'unknown';
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return visible(iso);
  const day = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return `${day.format(time)}, ${time.toISOString().slice(11, 16)} UTC`;
}

// Control characters and text-direction overrides would make one name look like another.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function visible(text: string): string {
  return text.replace(UNSEEN, '\ufffd');
}

// At most `length` characters, the middle left out: the ends of names tell them apart.
export function clip(text: string, length: number): string {
  const clean = visible(
    text.length > 4 * length ? `${text.slice(0, 2 * length)}${text.slice(-2 * length)}` : text,
  );
  const characters = [...clean];
  if (characters.length <= length && clean.length >= text.length) return clean;
  const head = Math.ceil((length - 1) * 0.6);
  const tail = length - 1 - head;
  return `${characters.slice(0, head).join('')}…${characters.slice(-tail).join('')}`;
}

// "ScaleToZero" -> "scale to zero"; abbreviations stay: "DraClaims" -> "DRA claims".
const SPELLED: Record<string, string> = {
  mig: 'MIG',
  mps: 'MPS',
  dra: 'DRA',
  gpu: 'GPU',
  gpus: 'GPUs',
};

export function words(name: string): string {
  const parts = visible(name).split(/(?<=[a-z0-9])(?=[A-Z])|[-_ ]+/);
  return parts.map((part) => SPELLED[part.toLowerCase()] ?? part.toLowerCase()).join(' ');
}

export function sentence(text: string): string {
  const clean = text.trim();
  if (clean === '') return '';
  const start = clean.charAt(0).toUpperCase() + clean.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

export function title(name: string): string {
  const text = words(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
