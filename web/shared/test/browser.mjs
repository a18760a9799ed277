// Opens a page in Chromium, runs a page's own checks, and looks for what no page may do: an error on
// the console, a request other than for the file itself, an element out of a name, text too wide
// for the window, or too pale for its ground.
//
//       SHOTS=DIR     take screenshots there
//       CHROMIUM=PATH the browser (/usr/bin/chromium)
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
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

// Every text against what is painted behind it: 4.5 to 1, as WCAG 2 AA asks; 3 to 1 where it is large.
async function checkContrast(page) {
  const pale = await page.evaluate(() => {
    const channels = (text) => {
      const parts = /rgba?\(([^)]+)\)/.exec(text)?.[1].split(/[ ,/]+/).map(Number);
      return parts ? {rgb: parts.slice(0, 3), alpha: parts[3] ?? 1} : null;
    };
    const light = (rgb) =>
      rgb
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const over = (top, under) =>
      top.rgb.map((part, i) => part * top.alpha + under[i] * (1 - top.alpha));
    const ground = (element) => {
      const style = getComputedStyle(element);
      if (style.backgroundImage !== 'none') return null;
      const own = channels(style.backgroundColor);
      if (own?.alpha === 1) return own.rgb;
      const below = element.parentElement ? ground(element.parentElement) : [255, 255, 255];
      return below && own ? over(own, below) : below;
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && found.length < 5; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.textContent.trim() || !element.checkVisibility({opacityProperty: true})) continue;
      if (element.closest('svg, [disabled], script, .hidden')) continue;
      const style = getComputedStyle(element);
      const behind = ground(element);
      const ink = channels(style.color);
      if (!behind || !ink) continue;
      const [a, b] = [light(over(ink, behind)), light(behind)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const large = Number.parseFloat(style.fontSize) >= 24;
      if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 40)}`);
    }
    return found;
  });
  assert.deepEqual(pale, [], 'text that is too pale for its ground');
}

// `ready`: what is there once the page is built. `checks` get the page, one after another.
export async function checkPage({html, ready, checks}) {
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
    await page.locator(ready).first().waitFor({timeout: 20_000});
    for (const check of [...checks, checkNoOverflow, checkNothingInjected]) await check(page);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme});
      await checkContrast(page);
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
}
