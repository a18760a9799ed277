// What every page has around its sections: the mast, the contents, and its start.
import {h, type Child} from './dom';
import type {ReadResult} from './read';

// The seven pieces, as one square.
function emblem(): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [attribute, value] of [
    ['viewBox', '0 0 8 8'],
    ['class', 'emblem'],
    ['aria-hidden', 'true'],
  ] as const) {
    svg.setAttribute(attribute, value);
  }
  const pieces = [
    '0,0 8,0 4,4',
    '0,0 4,4 0,8',
    '8,0 8,4 6,2',
    '6,2 8,4 6,6 4,4',
    '4,4 6,6 2,6',
    '2,6 6,6 4,8 0,8',
    '8,4 8,8 4,8',
  ];
  pieces.forEach((points, index) => {
    const piece = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
    piece.setAttribute('points', points);
    piece.setAttribute('opacity', String(0.35 + ((index * 3) % 7) * 0.1));
    svg.append(piece);
  });
  return svg;
}

// `kind`: what the page is; `origin`: of which cluster, and when.
export function masthead(kind: string, ...origin: Child[]): HTMLElement {
  return h(
    'header',
    {class: 'masthead'},
    h(
      'div',
      {class: 'brand'},
      emblem(),
      h('span', {}, 'Tangram'),
      h('span', {class: 'quiet'}, kind),
    ),
    h('p', {class: 'origin'}, ...origin),
  );
}

// Links to the sections, by their headings.
export function contents(sections: readonly HTMLElement[]): HTMLElement {
  return h(
    'nav',
    {class: 'contents', 'aria-label': 'On this page'},
    ...sections.map((part) =>
      h('a', {href: `#${part.id}`}, part.querySelector('h2')?.textContent ?? part.id),
    ),
  );
}

export interface Page<Data> {
  what: string; // "report"
  read: (text: string) => ReadResult<Data>;
  title: (data: Data) => string;
  build: (data: Data) => HTMLElement[];
}

// Paper is always light, whatever the screen is.
function followPaper(): void {
  addEventListener('beforeprint', () => {
    document.documentElement.dataset.paper = '';
  });
  addEventListener('afterprint', () => {
    delete document.documentElement.dataset.paper;
  });
}

// Reads the data that the page carries and builds the page from it, or says why it cannot.
export function start<Data>(page: Page<Data>): void {
  const carried = document.getElementById('tangram-data');
  const result = page.read(carried?.textContent ?? '');
  carried?.remove(); // the text is not needed twice
  const place = document.getElementById('page')!;
  if ('problem' in result) {
    place.replaceChildren(
      h(
        'main',
        {class: 'problem'},
        h('h1', {}, `No ${page.what} to show`),
        h('p', {}, result.problem),
      ),
    );
    return;
  }
  followPaper();
  document.title = page.title(result.data);
  place.replaceChildren(...page.build(result.data));
}
