import { availableParallelism } from 'node:os'

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }] },
  globalSetup: '<rootDir>/test/setup/global-setup.ts',
  globalTeardown: '<rootDir>/test/setup/global-teardown.ts',
  // A bound for what never ends: no test depends on how fast the machine is.
  testTimeout: 300_000,
  testSequencer: '<rootDir>/test/setup/longest-first.mjs',
  // Most suites wait more than they compute: for processes that start, leases that end, pages that load.
  maxWorkers: availableParallelism() + 2
}
