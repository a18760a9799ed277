// Puts data into a built page as the C++ side does: node shared/test/render.mjs PAGE.html DATA.json OUT.html
import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const MARKER = '__TANGRAM_DATA__';
const ESCAPES = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

export function render(page, json) {
  const parts = page.split(MARKER);
  if (parts.length !== 2) throw new Error(`the page has ${parts.length - 1} markers, not one`);
  return (
    parts[0] + json.replace(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character]) + parts[1]
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [page, data, out] = process.argv.slice(2);
  writeFileSync(out, render(readFileSync(page, 'utf8'), readFileSync(data, 'utf8')));
}
