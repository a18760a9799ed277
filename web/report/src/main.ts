// Reads the report that the page carries and builds the page from it.
import {followTheme} from './charts';
import {h} from './dom';
import {flatten} from './findings_model';
import {clip} from './format';
import {readReport} from './read';
import {breakdown, busy} from './sections/breakdown';
import {findings} from './sections/findings';
import {fleet, patterns} from './sections/fleet';
import {footer, gapsSection, leftAlone, prices} from './sections/notes';
import {steps} from './sections/steps';
import {masthead, summary} from './sections/summary';
import type {Report} from './types';
import './style.css';

function contents(sections: readonly HTMLElement[]): HTMLElement {
  return h(
    'nav',
    {class: 'contents', 'aria-label': 'On this page'},
    ...sections.map((part) =>
      h('a', {href: `#${part.id}`}, part.querySelector('h2')?.textContent ?? part.id),
    ),
  );
}

function build(report: Report): HTMLElement[] {
  const rows = flatten(report);
  const table = findings(rows);
  const parts = [
    steps(report, rows),
    breakdown(report),
    table.element,
    busy(report),
    fleet(report),
    leftAlone(report),
    gapsSection(report),
    prices(report),
  ].filter((part) => part !== null);
  return [
    masthead(report),
    h('main', {}, summary(report, table.show), contents(parts), ...parts),
    footer(report),
  ];
}

function main(): void {
  const data = document.getElementById('tangram-report');
  const result = readReport(data?.textContent ?? '');
  data?.remove(); // the text is not needed twice
  const page = document.getElementById('page')!;
  if ('problem' in result) {
    page.replaceChildren(
      h('main', {class: 'problem'}, h('h1', {}, 'No report to show'), h('p', {}, result.problem)),
    );
    return;
  }
  document.title = `GPU waste report: ${clip(result.report.cluster, 60)}`;
  document.body.append(patterns());
  page.replaceChildren(...build(result.report));
  followTheme();
}

main();
