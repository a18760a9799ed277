// The samples of a page, put into the built page and checked in Chromium by PAGE/test/page.test.mjs:
//
//   PAGE=report node shared/test/pages.mjs [HTML]     (dist/PAGE/index.html)
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {render} from './render.mjs';

const PAGE = process.env.PAGE ?? 'report';
const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const {SAMPLES, CHECKED} = await import(here(`${PAGE}/samples/make.mjs`));
const page = readFileSync(process.argv[2] ?? here(`dist/${PAGE}/index.html`), 'utf8');
const dir = mkdtempSync(join(tmpdir(), 'tangram-page-'));
let failed = 0;
for (const sample of CHECKED) {
  const [html, json] = [join(dir, `${sample}.html`), join(dir, `${sample}.json`)];
  const text = JSON.stringify(SAMPLES[sample]());
  writeFileSync(json, text);
  writeFileSync(html, render(page, text));
  const check = here(`${PAGE}/test/page.test.mjs`);
  const done = spawnSync(process.execPath, [check, html, json], {stdio: 'inherit'});
  if (done.status !== 0) failed += 1;
}
rmSync(dir, {recursive: true, force: true});
process.exit(failed === 0 ? 0 : 1);
