// Opens a page in Chromium and compares what it shows with the report it was made from.
//
//   node test/page.test.mjs FILE.html FILE.json
//       SHOTS=DIR     take screenshots there
//       CHROMIUM=PATH the browser (/usr/bin/chromium)
//
// Fails on a wrong number, a console error, or any request other than for the file itself.
import assert from 'node:assert/strict';
import {mkdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const [html, json] = process.argv.slice(2);
if (!html || !json) {
  console.error('usage: node test/page.test.mjs FILE.html FILE.json');
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

async function checkNoOverflow(page) {
  for (const width of [1280, 400]) {
    await page.setViewportSize({width, height: 900});
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 0, `the page is ${over} px wider than a window of ${width} px`);
  }
  await page.setViewportSize({width: 1280, height: 900});
}

async function checkNothingInjected(page) {
  const scripts = await page.locator('script').count();
  assert.ok(scripts <= 1, `the page has ${scripts} scripts, not one`);
  assert.equal(
    await page.locator('img, iframe, object, embed, base').count(),
    0,
    'no element came out of a name',
  );
}

async function shots(browser, url) {
  const dir = process.env.SHOTS;
  mkdirSync(dir, {recursive: true});
  for (const [shot, width, colorScheme] of [
    ['wide', 1280, 'light'],
    ['dark', 1280, 'dark'],
    ['narrow', 400, 'light'],
  ]) {
    const page = await browser.newPage({viewport: {width, height: 900}, colorScheme});
    await page.goto(url);
    await page.waitForTimeout(200);
    await page.screenshot({path: join(dir, `${shot}.png`), fullPage: true});
    if (shot === 'wide')
      await page.pdf({path: join(dir, 'print.pdf'), format: 'A4', printBackground: true});
    await page.close();
  }
}

async function main() {
  const url = pathToFileURL(resolve(html)).href;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  const problems = [];
  const requests = [];
  try {
    const page = await browser.newPage({viewport: {width: 1280, height: 900}});
    page.on(
      'console',
      (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()),
    );
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    await page.locator('.summary').waitFor({timeout: 20_000});
    for (const check of [
      checkSummary,
      checkLeaks,
      checkSteps,
      checkFindings,
      checkFilter,
      checkGroups,
      checkFleet,
      checkNoOverflow,
      checkNothingInjected,
    ]) {
      await check(page);
    }
    assert.deepEqual(problems, [], 'nothing on the console');
    assert.deepEqual(
      requests.filter((request) => request !== url && !request.startsWith('data:')),
      [],
      'no request leaves the file',
    );
    if (process.env.SHOTS) await shots(browser, url);
  } finally {
    await browser.close();
  }
  const findings = report.leaks.reduce((sum, leak) => sum + leak.findings.length, 0);
  console.log(`page: ok, ${findings} findings and ${report.cards.length} cards as in ${json}`);
}

await main();
