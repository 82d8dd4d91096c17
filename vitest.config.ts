import { defineConfig } from 'vitest/config';

const conditions = ['@covpool/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Programs under test colour their output by the terminal and by CI; tests see the same everywhere.
    env: { NO_COLOR: '1' },
    execArgv: ['--conditions=@covpool/source'],
  },
});
