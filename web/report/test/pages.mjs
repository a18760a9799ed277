// Every sample but the largest, put into the built page and checked in Chromium:
//
//   node test/pages.mjs [PAGE.html]     (dist/index.html)
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {SAMPLES} from '../samples/make.mjs';
import {render} from './render.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const page = readFileSync(process.argv[2] ?? here('../dist/index.html'), 'utf8');
const dir = mkdtempSync(join(tmpdir(), 'tangram-page-'));
let failed = 0;
for (const sample of ['small', 'large', 'hostile', 'empty']) {
  const [html, json] = [join(dir, `${sample}.html`), join(dir, `${sample}.json`)];
  const text = JSON.stringify(SAMPLES[sample]());
  writeFileSync(json, text);
  writeFileSync(html, render(page, text));
  const done = spawnSync(process.execPath, [here('page.test.mjs'), html, json], {stdio: 'inherit'});
  if (done.status !== 0) failed += 1;
}
rmSync(dir, {recursive: true, force: true});
process.exit(failed === 0 ? 0 : 1);
