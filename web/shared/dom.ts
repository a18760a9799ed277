// Small helpers to build elements. Text only ever becomes a text node: no markup is parsed.
import {clip, visible} from './format';

export type Child = Node | string | number | null | undefined | false;
type Attributes = Record<
  string,
  string | number | boolean | null | undefined | ((event: Event) => void)
>;

const SVG = 'http://www.w3.org/2000/svg';

function fill<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// A name from the cluster: isolated in its text direction, cut where it is very long.
export function name(text: string, length = 60, empty = '–'): HTMLElement {
  if (text === '') return h('span', {class: 'quiet'}, empty);
  const short = clip(text, length);
  return h('bdi', {title: short === text ? null : visible(text.slice(0, 1000))}, short);
}

export function swatch(colour: string): HTMLElement {
  return h('span', {class: `swatch fill-${colour}`, 'aria-hidden': 'true'});
}

export function section(
  id: string,
  heading: string,
  lead: Child,
  ...children: Child[]
): HTMLElement {
  return h(
    'section',
    {id, 'aria-labelledby': `${id}-heading`},
    h('h2', {id: `${id}-heading`}, heading),
    lead ? h('p', {class: 'lead'}, lead) : null,
    ...children,
  );
}

export function fact(term: string, ...value: Child[]): HTMLElement {
  return h('div', {class: 'fact'}, h('dt', {}, term), h('dd', {}, ...value));
}
