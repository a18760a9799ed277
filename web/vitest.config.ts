import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {include: [`{shared,${process.env.PAGE ?? '*'}}/test/**/*.test.ts`], environment: 'node', css: true, testTimeout: 120_000},
});
