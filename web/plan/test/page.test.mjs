// Opens a page in Chromium and compares what it shows with the plan it was made from.
//
//   node plan/test/page.test.mjs FILE.html FILE.json
//
// Fails on what is wrong, and on what shared/test/browser.mjs looks for.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {checkPage} from '../../shared/test/browser.mjs';

const [html, json] = process.argv.slice(2);
if (!html || !json) {
  console.error('usage: node plan/test/page.test.mjs FILE.html FILE.json');
  process.exit(2);
}
const plan = JSON.parse(readFileSync(json, 'utf8'));
const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const text = (page, selector) => page.locator(selector).first().innerText();

async function checkSummary(page) {
  if (plan.actions.length === 0) {
    assert.match(await text(page, '.headline h1'), /Nothing to do/);
    return;
  }
  const [was, is] = [plan.before.usdPerHour * 730, plan.after.usdPerHour * 730];
  const money = await text(page, '[data-field="money"]');
  for (const value of [was, is]) {
    assert.ok(money.includes(`$${grouped(Math.round(value))}`), `${money} has ${value}`);
  }
  const pods = new Set(plan.actions.flatMap((action) => action.disturbs).map((p) => JSON.stringify(p)));
  assert.equal(await text(page, '[data-field="disturbed"]'), grouped(pods.size));
}

async function checkActions(page) {
  if (plan.actions.length === 0) return;
  const groups = page.locator('tr.finding');
  assert.equal(await groups.count(), Math.min(50, plan.groups.length), 'groups at first');
  await groups.first().locator('.open').focus();
  await page.keyboard.press('Enter');
  const want = plan.groups[0].actions.slice(0, 50);
  const shown = await page.locator('.action').evaluateAll((all) => all.map((each) => Number(each.dataset.action)));
  assert.deepEqual(shown, want, 'the actions of the first group');
  assert.ok(await groups.first().locator('.open').evaluate((it) => it === document.activeElement), 'the focus stays');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.action').count(), 0, 'it closes');
}

async function checkNeeds(page) {
  const action = plan.actions.find(({needs}) => needs.length > 0);
  if (!action) return;
  const index = plan.groups.findIndex(({actions}) => actions.includes(action.id));
  await page.locator(`[data-group="${index}"] .open`).click();
  await page.locator(`[data-action="${action.id}"] button.link`).first().click();
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('data-action'));
  assert.equal(focused, String(action.needs[0]), 'what is needed before is one step away');
  const opened = page.locator('.open[aria-expanded="true"]');
  while ((await opened.count()) > 0) await opened.first().click();
}

async function checkFilters(page) {
  if (plan.actions.length === 0) return;
  const status = async () => {
    const shown = await page.locator('#actions .status').innerText();
    return Number(/^[\d,]+/.exec(shown)[0].replaceAll(',', ''));
  };
  const counts = new Map();
  for (const {pass} of plan.actions) counts.set(pass, (counts.get(pass) ?? 0) + 1);
  const chips = page.locator('#actions .chip');
  let at = 1;
  for (const many of counts.values()) {
    await chips.nth(at++).click();
    assert.equal(await status(), many, 'actions of a pass');
  }
  await chips.first().click();
  const node = plan.actions.at(-1).node;
  if (/^[\w-]+$/.test(node)) {
    const begin = Date.now();
    await page.locator('#actions input').fill(node);
    const namesOf = ({node: to, from, pod, disturbs}) => [
      to,
      from ?? '',
      ...[...(pod ? [pod] : []), ...disturbs].map((each) => `${each.namespace}/${each.name}`),
    ];
    const named = plan.actions.filter((action) => namesOf(action).some((name) => name.includes(node)));
    assert.equal(await status(), named.length, `actions on ${node}`);
    assert.ok(Date.now() - begin < 2000, 'a filter answers at once');
    await page.locator('#actions input').fill('');
  }
  assert.equal(await status(), plan.actions.length, 'all of them again');
}

async function checkCards(page) {
  const nodes = plan.nodes.filter(({cards}) => cards.length > 0);
  assert.equal(await page.locator('.plan-node').count(), Math.min(8, nodes.length), 'nodes at first');
  const folded = page.locator('.plan-node details:not([open]) > summary');
  while ((await folded.count()) > 0) await folded.first().click();
  const rows = nodes.length <= 8 ? nodes.reduce((sum, {cards}) => sum + cards.length, 0) : 64;
  // `toggle` comes after the click, in a task of its own: a busy machine counted before it.
  if (rows > 0) await page.locator('[data-gpu]').nth(rows - 1).waitFor();
  assert.equal(await page.locator('[data-gpu]').count(), rows, 'cards drawn');
  for (const slice of await page.locator('.slice:not(.gap)').all()) {
    assert.notEqual((await slice.innerText()).trim(), '', 'no box without a word');
  }
}

async function checkWaiting(page) {
  const never = plan.waiting.filter((pod) => pod.never).length;
  assert.equal((await page.locator('.badge.never').count()) > 0, never > 0, 'never is said');
  assert.equal(await page.locator('.certificate').count(), plan.certificates.length, 'certificates');
}

await checkPage({
  html,
  ready: '.summary',
  checks: [checkSummary, checkActions, checkNeeds, checkFilters, checkCards, checkWaiting],
});
console.log(`page: ok, ${plan.actions.length} actions and ${plan.nodes.length} nodes as in ${json}`);
