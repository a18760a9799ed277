// Opens a page in Chromium and compares what it shows with the runs it was made from.
//
//   node simulate/test/page.test.mjs FILE.html FILE.json
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {checkPage} from '../../shared/test/browser.mjs';

const [html, json] = process.argv.slice(2);
if (!html || !json) {
  console.error('usage: node simulate/test/page.test.mjs FILE.html FILE.json');
  process.exit(2);
}
const {runs} = JSON.parse(readFileSync(json, 'utf8'));

async function checkPolicies(page) {
  const rows = page.locator('#policies tbody tr');
  assert.equal(await rows.count(), runs.length, 'a row for each policy');
  for (const [index, run] of runs.entries()) {
    const cells = await rows.nth(index).locator('th, td').allInnerTexts();
    assert.equal(cells[0].trim(), run.policy);
    assert.equal(cells[7], String(run.waiting));
    assert.equal(cells[8], String(run.disturbed));
    const cost = run.dollars === null ? 'unknown' : `$${Math.round(run.dollars).toLocaleString('en-US')}`;
    assert.equal(cells[10], cost);
  }
}

async function checkCharts(page) {
  assert.equal(await page.locator('#time .curve').count(), 4);
  for (const run of runs) {
    assert.equal(await page.locator(`#time [data-line="${run.policy}"]`).count(), 4);
  }
}

async function checkDetails(page) {
  for (const details of await page.locator('#details details').all()) {
    await details.locator('summary').click();
  }
  const first = page.locator('#details details').first();
  assert.equal(await first.locator('tbody').first().locator('tr').count(), runs[0].workloads.length);
  assert.match(await first.innerText(), /boots, \d+ spot interruptions/);
}

await checkPage({
  html,
  ready: '.headline',
  checks: [checkPolicies, checkCharts, checkDetails],
});
console.log(`page: ok, ${runs.length} runs as in ${json}`);
