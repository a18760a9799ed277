import {createHash} from 'node:crypto';
import {resolve} from 'node:path';
import {defineConfig, type Plugin} from 'vite';

// The page is one file: the script and the style are put into it, and a policy that allows exactly
// that script, by its hash, and nothing from outside. Chart.js sets styles, so those stay inline.
function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = bundle['index.html'];
      if (page?.type !== 'asset') throw new Error('the bundle has no index.html');
      let html = String(page.source);
      let script = '';
      let style = '';
      for (const [file, part] of Object.entries(bundle)) {
        if (part.type === 'chunk') script += part.code;
        else if (file.endsWith('.css')) style += String(part.source);
        if (file !== 'index.html') delete bundle[file];
      }
      // "</script" and "<!--" would end or change how the inlined script is read.
      script = script.trim().replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
      const hash = createHash('sha256').update(script).digest('base64');
      const policy =
        `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; ` +
        `base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
      html = html
        .replace(/\s*<script type="module"[^>]*><\/script>/, '')
        .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
        .replace(
          '<meta charset="utf-8">',
          (tag) => `${tag}\n<meta http-equiv="Content-Security-Policy" content="${policy}">`,
        )
        .replace('</head>', (tag) => `<style>${style.trim()}</style>\n${tag}`)
        .replace('</body>', (tag) => `<script>${script}</script>\n${tag}`);
      page.source = html;
    },
  };
}

// The folder of the page to build: PAGE=report.
const page = process.env.PAGE;
if (!page) throw new Error('set PAGE to the folder of the page to build');

export default defineConfig({
  root: resolve(import.meta.dirname, page),
  plugins: [oneFile()],
  build: {
    outDir: resolve(import.meta.dirname, 'dist', page),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: {output: {format: 'iife'}},
  },
});
