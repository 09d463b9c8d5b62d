/** Our program as the benchmarks run it: on a free port, without limits. */
import { join } from 'node:path'
import { type Program, startProgram } from './program.ts'

const here = import.meta.dirname
export const adminKey = 'bench-admin-key-0123456789'

/** The settings that go with the benchmark's own bots. */
export const ownBots = (folder: string) => ({
  BOTS_DIR: join(here, 'bots'),
  DATA_DIR: join(folder, 'data'),
  RETROFIT_DATA_KEY: 'bench-data-key-0123456789-0123456789',
  WORKER_CONCURRENCY: '256'
})

export const startOurs = (role: 'up' | 'worker' | 'gateway', env: Readonly<Record<string, string>>): Promise<Program> =>
  startProgram([join(here, '../../src/main.ts'), role], {
    PORT: '0',
    RETROFIT_ADMIN_KEY: adminKey,
    RATE_LIMIT: '0',
    TARGET_ORIGINS: 'http://127.0.0.1:9',
    LOG_LEVEL: 'warn',
    ...env
  })
