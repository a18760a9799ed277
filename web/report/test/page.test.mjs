// Opens a page in Chromium and compares what it shows with the report it was made from.
//
//   node report/test/page.test.mjs FILE.html FILE.json
//
// Fails on a wrong number, and on what shared/test/browser.mjs looks for.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {checkPage} from '../../shared/test/browser.mjs';

const [html, json] = process.argv.slice(2);
if (!html || !json) {
  console.error('usage: node report/test/page.test.mjs FILE.html FILE.json');
  process.exit(2);
}
const report = JSON.parse(readFileSync(json, 'utf8'));

// Written apart from the page's own formatter, so that one can find the other wrong.
function dollars(value) {
  if (value === null) return 'unknown';
  if (value === 0) return '$0';
  if (value < 0.005) return '<$0.01';
  const [whole, cents] = value.toFixed(value < 99.995 ? 2 : 0).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `$${grouped}${cents === undefined ? '' : `.${cents}`}`;
}
// toFixed and Intl may differ by one in the last place where a value lies between two.
function sameMoney(shown, value, what) {
  if (shown === dollars(value)) return;
  const number = Number(shown.replace(/[$,]/g, ''));
  assert.ok(
    value !== null && Math.abs(number - value) <= (value < 100 ? 0.0051 : 0.51),
    `${what}: shown ${shown}, is ${dollars(value)}`,
  );
}
const one = (page, selector) => page.locator(selector).first().innerText();

async function checkSummary(page) {
  const {totals} = report;
  if (totals.gpus === 0) {
    assert.match(await one(page, '.headline h1'), /No GPUs/);
    return;
  }
  assert.equal(await one(page, '[data-field="totals.gpus"]'), totals.gpus.toLocaleString('en-US'));
  if (totals.gpus === totals.gpusWithoutPrice) return;
  sameMoney(await one(page, '[data-field="totals.waste"]'), totals.wasteUsdPerMonth, 'waste');
  sameMoney(await one(page, '[data-field="totals.cost"]'), totals.usdPerMonth, 'cost');
  const share = await one(page, '[data-field="totals.share"]');
  assert.ok(
    Math.abs(Number(share.replace(/[<>%]/g, '')) - totals.wasteShare * 100) <= 0.51,
    `share: ${share}, is ${totals.wasteShare}`,
  );
  for (const [field, value] of [
    ['useful', totals.usefulUsdPerMonth],
    ['unmeasured', totals.unmeasuredUsdPerMonth],
  ]) {
    if (value > 0) sameMoney(await one(page, `[data-field="totals.${field}"]`), value, field);
  }
}

async function checkLeaks(page) {
  assert.equal(await page.locator('.leak').count(), 4, 'four leaks');
  for (const leak of report.leaks) {
    const tile = page.locator(`.leak[data-leak="${leak.leak}"]`);
    sameMoney(
      await tile.locator('[data-field="leak.usd"]').innerText(),
      leak.usdPerMonth,
      leak.leak,
    );
    if (leak.findings.length > 0) {
      assert.equal(
        await tile.locator('[data-field="leak.findings"]').innerText(),
        leak.findings.length.toLocaleString('en-US'),
      );
    }
  }
}

async function checkSteps(page) {
  const shown = await page.locator('.step').count();
  assert.equal(shown, report.steps.length, 'steps');
  const priced = report.steps.filter((step) => step.usdPerMonth !== null);
  const texts = await page.locator('[data-field="step.usd"]').allInnerTexts();
  assert.equal(texts.length, priced.length, 'steps with dollars');
  priced.forEach((step, index) => sameMoney(texts[index], step.usdPerMonth, `step ${step.step}`));
}

function largest(findings, count) {
  return findings
    .map((finding, index) => ({finding, index}))
    .sort(
      (a, b) => (b.finding.usdPerMonth ?? -1) - (a.finding.usdPerMonth ?? -1) || a.index - b.index,
    )
    .slice(0, count)
    .map(({finding}) => finding);
}

async function checkFindings(page) {
  const all = report.leaks.flatMap((leak) => leak.findings);
  const want = largest(all, 25);
  const rows = page.locator('tr.finding');
  assert.equal(await rows.count(), want.length, 'findings on the first page');
  const money = await page.locator('[data-field="finding.usd"]').allInnerTexts();
  const where = await page.locator('[data-field="finding.where"]').allTextContents();
  want.forEach((finding, index) => {
    sameMoney(money[index], finding.usdPerMonth, `finding ${index}`);
    if (/^[\w.-]{1,25}$/.test(finding.node))
      assert.ok(
        where[index].includes(finding.node),
        `finding ${index}: ${where[index]}, is ${finding.node}`,
      );
  });
  const first = want[0];
  if (!first) return;
  await rows.first().locator('button.open').click();
  assert.ok((await page.locator('.detail-row').innerText()).includes('What to do'), 'a row opens');
  await rows.first().locator('button.open').click();
  assert.equal(await page.locator('.detail-row').count(), 0, 'a row closes');
}

async function checkFilter(page) {
  for (const leak of report.leaks) {
    await page.locator(`[data-choose="${leak.leak}"]`).click();
    const status = await page.locator('.status').innerText();
    const shown = Number(/^[\d,]+/.exec(status)[0].replaceAll(',', ''));
    assert.equal(shown, leak.findings.length, `findings of ${leak.leak}`);
    sameMoney(/\$[\d,.]*\d/.exec(status)[0], leak.usdPerMonth, `sum of ${leak.leak}`);
  }
  await page.locator('[data-choose="All"]').click();
}

async function checkGroups(page) {
  for (const axis of ['team', 'model', 'workload', 'node', 'namespace']) {
    await page.locator(`#breakdown-${axis}`).click();
    const want = report.by[axis].slice(0, 10);
    const shown = await page.locator('#breakdown-panel [data-field="group.waste"]').allInnerTexts();
    assert.equal(shown.length, want.length, `rows by ${axis}`);
    want.forEach((group, index) =>
      sameMoney(shown[index], group.wasteUsdPerMonth, `${axis} ${index}`),
    );
  }
}

// Every card is drawn, alone or counted in its group, on one page of the fleet or another.
async function cardsDrawn(page) {
  let drawn = 0;
  for (;;) {
    drawn += await page
      .locator('.card')
      .evaluateAll((cards) => cards.reduce((sum, card) => sum + Number(card.dataset.count), 0));
    const next = page.locator('#fleet .pager button', {hasText: 'Next'});
    if ((await next.count()) === 0 || (await next.isDisabled())) return drawn;
    await next.click();
  }
}

async function checkFleet(page) {
  if (report.cards.length === 0) return;
  assert.equal(await cardsDrawn(page), report.cards.length, 'cards drawn');
  for (const text of ['Cards that look alike', 'Every card']) {
    await page.locator('#fleet .chip', {hasText: text}).click();
    assert.equal(await cardsDrawn(page), report.cards.length, `cards drawn: ${text}`);
  }
  await page.mouse.move(0, 0);
  await page.locator('.card').first().focus();
  await page.keyboard.press('End');
  await page.locator('.tooltip').waitFor({state: 'visible', timeout: 5000});
  await page.keyboard.press('Escape');
  await page.locator('.tooltip').waitFor({state: 'hidden', timeout: 5000});
}

await checkPage({
  html,
  ready: '.summary',
  checks: [
    checkSummary,
    checkLeaks,
    checkSteps,
    checkFindings,
    checkFilter,
    checkGroups,
    checkFleet,
  ],
});
const findings = report.leaks.reduce((sum, leak) => sum + leak.findings.length, 0);
console.log(`page: ok, ${findings} findings and ${report.cards.length} cards as in ${json}`);
