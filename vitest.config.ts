import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const conditions = ['@covpool/source', 'node', 'import', 'default'];

/** Tests see the same engines everywhere, whatever was built on this machine, unless one of those is named. */
const enginesOfTheCache = /tensorflow|webgpu/.test(process.env.COVPOOL_ENGINES ?? '')
  ? {}
  : { XDG_CACHE_HOME: fileURLToPath(new URL('node_modules/.cache/no-engines', import.meta.url)) };

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // By default one core stays free for a terminal; of two that is half of them.
    maxWorkers: '100%',
    // Programs under test colour their output by the terminal and by CI; tests see the same everywhere.
    env: { NO_COLOR: '1', ...enginesOfTheCache },
    execArgv: ['--conditions=@covpool/source'],
  },
});
