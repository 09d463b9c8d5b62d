/** What a worker says that has no browser. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { BrowserHolder } from '../../adapters/playwright/browser.ts'
import { callOf, parseAction } from './playwright/harness.ts'

const adapter = createAdapter({ chromiumPath: '/nowhere/chromium' })
afterEach(() => adapter.close())

describe('no browser', () => {
  test('at the path that was given', async () => {
    const { steps } = parseAction(adapter, { steps: [{ goto: '/' }] })
    const error = await adapter.run(callOf(steps, { url: 'http://127.0.0.1:9' })).catch((failure: unknown) => failure)
    expect(error).toMatchObject({
      code: 'target_failed',
      message: 'this worker has no browser: /nowhere/chromium does not exist',
      retryable: false,
      effect: 'none',
      hint: expect.stringMatching(/Install Chromium.*CHROMIUM_PATH/)
    })
  })

  test('at any usual path', async () => {
    // Playwright's own download is one more place; it is told to look where nothing is.
    process.env.PLAYWRIGHT_BROWSERS_PATH = '/nowhere'
    const holder = new BrowserHolder({ usualPaths: ['/nowhere/chromium'] })
    await expect(holder.get()).rejects.toMatchObject({ code: 'target_failed', message: 'this worker has no browser', retryable: false })
    expect(holder.launched).toBe(0)
    await holder.close()
  })

  test('what is there but is no browser is told apart', async () => {
    const holder = new BrowserHolder({ chromiumPath: '/bin/false' })
    await expect(holder.get()).rejects.toMatchObject({ message: expect.stringContaining('the browser did not start'), retryable: true })
    await holder.close()
  })

  test.each([
    ['a path where nothing is', { chromiumPath: '/nowhere/chromium' }],
    ['what is no browser', { chromiumPath: '/bin/false' }],
    ['nothing at all', { usualPaths: ['/nowhere/chromium'] }]
  ])('nothing is left of a try with %s', (_what, options) => {
    const own = mkdtempSync(join(tmpdir(), 'no-browser-'))
    const holder = JSON.stringify(new URL('../../adapters/playwright/browser.ts', import.meta.url).href)
    const script = `import { BrowserHolder } from ${holder}
      const holder = new BrowserHolder({ ...${JSON.stringify(options)}, environment: process.env })
      await holder.get().catch(error => console.log(error.code))
      await holder.close()`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TMPDIR: own, PLAYWRIGHT_BROWSERS_PATH: '/nowhere' }
    })
    expect([String(stdout), readdirSync(own)]).toEqual(['target_failed\n', []])
    rmSync(own, { recursive: true })
  })
})
