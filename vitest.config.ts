import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'test/debianPackages.ts',
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', './test/leftOut.ts'],
    snapshotFormat: { escapeString: false, printBasicPrototype: false }
  }
})
