// Tabs after the ARIA pattern: one tab stop, arrows move, panels are built when first shown.
import {h} from './dom';

export interface Tab {
  key: string;
  title: string;
  build: () => HTMLElement;
}

export function tabs(id: string, list: readonly Tab[]): HTMLElement {
  const panel = h('div', {role: 'tabpanel', id: `${id}-panel`, tabindex: -1});
  const buttons = list.map((tab) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${id}-${tab.key}`,
        'aria-controls': `${id}-panel`,
        click: () => select(tab.key),
      },
      tab.title,
    ),
  );
  const built = new Map<string, HTMLElement>();

  function select(key: string): void {
    const index = list.findIndex((tab) => tab.key === key);
    const tab = list[index]!;
    const content = built.get(key) ?? tab.build();
    built.set(key, content);
    buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', String(i === index));
      button.tabIndex = i === index ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', `${id}-${key}`);
    panel.replaceChildren(content);
  }

  const bar = h(
    'div',
    {
      role: 'tablist',
      class: 'tabs',
      keydown: (event) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[(event as KeyboardEvent).key];
        const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
        if (step === undefined || at < 0) return;
        event.preventDefault();
        const next = (at + step + list.length) % list.length;
        select(list[next]!.key);
        buttons[next]!.focus();
      },
    },
    ...buttons,
  );
  select(list[0]!.key);
  return h('div', {}, bar, panel);
}
