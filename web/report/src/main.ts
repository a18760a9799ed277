// Reads the report that the page carries and builds the page from it.
import {h} from '../../shared/dom';
import {clip} from '../../shared/format';
import {contents, start} from '../../shared/shell';
import {followTheme} from './charts';
import {flatten} from './findings_model';
import {readReport} from './read';
import {breakdown, busy} from './sections/breakdown';
import {findings} from './sections/findings';
import {fleet, patterns} from './sections/fleet';
import {footer, gapsSection, leftAlone, prices} from './sections/notes';
import {steps} from './sections/steps';
import {origin, summary} from './sections/summary';
import type {Report} from './types';
import '../../shared/base.css';

function build(report: Report): HTMLElement[] {
  document.body.append(patterns());
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
    origin(report),
    h('main', {}, summary(report, table.show), contents(parts), ...parts),
    footer(report),
  ];
}

start({
  what: 'report',
  read: readReport,
  title: (report) => `GPU waste report: ${clip(report.cluster, 60)}`,
  build,
});
followTheme();
