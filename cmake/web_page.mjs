// Builds one page and writes it as a C++ include: web_page.mjs NPM FOLDER PAGE STAGE HEADER NAME
//
// FOLDER holds the pages, PAGE is one of them. It is copied to STAGE and built there. STAGE/node_modules is a link into the cache, which is
// filled beside and moved into place, so two builds at once do no harm.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';

const MARKER = '__TANGRAM_DATA__';
const CHUNK = 8000; // characters; compilers need not take strings of more than 65,535 bytes

function fail(message) {
  console.error(`web_page: ${message}`);
  process.exit(1);
}

function run(program, args, cwd, {undo = () => {}, env = {}} = {}) {
  const done = spawnSync(program, args, {cwd, encoding: 'utf8', env: {...process.env, ...env}});
  if (done.status === 0) return;
  undo();
  fail(
    `${program} ${args.join(' ')} failed in ${cwd}\n${done.stdout ?? ''}${done.stderr ?? done.error}`,
  );
}

// The folder with node_modules of exactly what the lock file names.
function packages(npm, folder) {
  const digest = createHash('sha256').update(process.version).update(process.arch);
  const files = ['package.json', 'package-lock.json', '.npmrc'];
  for (const file of files) digest.update(readFileSync(join(folder, file)));
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tangram', 'web');
  const kept = join(cache, digest.digest('hex').slice(0, 16));
  if (existsSync(join(kept, 'node_modules'))) return kept;
  mkdirSync(cache, {recursive: true});
  const fresh = mkdtempSync(join(cache, 'new-'));
  for (const file of files) cpSync(join(folder, file), join(fresh, file));
  const drop = () => rmSync(fresh, {recursive: true, force: true});
  run(npm, ['ci', '--no-audit', '--no-fund', '--prefer-offline'], fresh, {undo: drop});
  try {
    renameSync(fresh, kept);
  } catch (error) {
    drop();
    if (!existsSync(join(kept, 'node_modules'))) throw error; // not just another build's win
  }
  return kept;
}

function build(npm, folder, page, stage) {
  rmSync(stage, {recursive: true, force: true});
  cpSync(folder, stage, {
    recursive: true,
    filter: (path) => !/\/(node_modules|dist)$/.test(path),
  });
  symlinkSync(join(packages(npm, folder), 'node_modules'), join(stage, 'node_modules'));
  run(npm, ['run', '--silent', 'build'], stage, {env: {PAGE: page}});
  return readFileSync(join(stage, 'dist', page, 'index.html'), 'utf8');
}

// Raw strings: the text needs no escaping as long as it does not hold the delimiter.
function array(name, text) {
  if (text.includes(')page"')) fail('the page holds the delimiter of the raw strings');
  const pieces = [];
  const characters = [...text];
  for (let at = 0; at < characters.length; at += CHUNK) {
    pieces.push(`    R"page(${characters.slice(at, at + CHUNK).join('')})page"`);
  }
  return `inline constexpr std::string_view ${name}[] = {\n${pieces.join(',\n')},\n};\n`;
}

function include(html, name) {
  const halves = html.split(MARKER);
  if (halves.length !== 2) fail(`the page has ${halves.length - 1} markers ${MARKER}, not one`);
  return (
    `#pragma once\n\n#include <string_view>\n\n${array(`k${name}BeforeData`, halves[0])}\n` +
    array(`k${name}AfterData`, halves[1])
  );
}

const [npm, folder, page, stage, header, name] = process.argv.slice(2);
if (!name) fail('usage: web_page.mjs NPM FOLDER PAGE STAGE HEADER NAME');
mkdirSync(dirname(header), {recursive: true});
writeFileSync(header, include(build(npm, folder, page, stage), name));
