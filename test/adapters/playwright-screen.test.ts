/** A wizard over several calls, on the page and the login of one session. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { Call, JsonObject, ScreenUse } from '../../src/index.ts'
import { type CallOptions, callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
let logins = 0
const drafts = new Map<string, string[]>()

beforeAll(async () => {
  const loginOf = (cookie = ''): string => /login=(\d+)/.exec(cookie)?.[1] ?? ''
  // The case that is open is kept by login on the server, as old portals do, and what was typed in the page.
  site = await startSite({
    '/login': '<form action=/main method=post><input aria-label=User><button>In</button></form>',
    '/main': (request, response) => {
      if (request.method === 'POST') response.setHeader('set-cookie', `login=${++logins}; path=/`)
      return '<p>Main menu</p>'
    },
    '/case': request => {
      drafts.set(loginOf(request.headers.cookie), [])
      return `<p>Main menu</p><input aria-label=Item><button onclick="fetch('/add', { method: 'POST', body: document.querySelector('input').value }).then(() => items.append(document.querySelector('input').value + ' '))">Add</button><p id=items></p><a href=/sum>Sum</a>`
    },
    '/add': (request, _, body) => {
      drafts.get(loginOf(request.headers.cookie))?.push(body)
      return 'ok'
    },
    '/sum': request => `<p>Main menu</p><p id=sum>${drafts.get(loginOf(request.headers.cookie))?.join(' ') ?? 'none'}</p>`
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

const target = {
  login: [{ goto: '/login' }, { fill: { label: 'User', value: 'u' } }, { click: { role: 'button', name: 'In' } }],
  ready: { text: 'Main menu' },
  timeout: '10s'
}
const stepsOf: Readonly<Record<string, readonly JsonObject[]>> = {
  begin: [{ goto: '/case' }],
  add: [
    { fill: { label: 'Item', value: '{{ input.item }}' } },
    { click: { role: 'button', name: 'Add' } },
    { waitFor: { text: '{{ input.item }}' } },
    { extract: { items: { css: '#items' } } }
  ],
  sum: [{ click: { role: 'link', name: 'Sum' } }, { extract: { sum: { css: '#sum' } } }],
  crash: [{ click: { role: 'button', name: 'There is none' }, timeout: '300ms' }]
}

interface On extends Partial<CallOptions> {
  readonly id?: string
  readonly use: ScreenUse
}

function run(name: string, { id = 's1', use, ...options }: On): Promise<unknown> {
  const { steps, issues } = parseAction(adapter, { steps: stepsOf[name] as JsonObject[], screen: use }, target)
  expect(issues).toEqual([])
  const call: Call = { ...callOf(steps, { url: site.url, ...options }), screen: { id, use } }
  return adapter.run(call)
}
const add = (item: string, id = 's1') => run('add', { id, use: 'continue', input: { item } })
const gone = expect.objectContaining({ code: 'screen_gone' })

describe('a pinned screen', () => {
  test('keeps its page and its login from call to call, apart from all others', async () => {
    const before = logins
    await run('begin', { use: 'pinned' })
    await run('begin', { id: 's2', use: 'pinned' })
    expect(await add('lamp')).toEqual({ items: 'lamp' })
    expect(await add('desk', 's2')).toEqual({ items: 'desk' })
    expect(await add('chair')).toEqual({ items: 'lamp chair' })
    expect(logins - before).toBe(2)
    expect(adapter.stats?.()).toMatchObject({ pinned: 2 })
    expect(await run('sum', { use: 'finish' })).toEqual({ sum: 'lamp chair' })
    expect(await run('sum', { id: 's2', use: 'finish' })).toEqual({ sum: 'desk' })
  })

  test('takes no place from other calls while it is idle', async () => {
    await run('begin', { id: 'idle', use: 'pinned', concurrency: 1 })
    const { steps } = parseAction(adapter, { steps: stepsOf.begin as JsonObject[] }, target)
    expect(await adapter.run(callOf(steps, { url: site.url, concurrency: 1, deadlineMs: 20_000 }))).toEqual({})
    await adapter.closeScreen?.('idle')
  })

  test('is gone when it was closed, broke or was never there, and can be begun again', async () => {
    await expect(add('lamp', 'never')).rejects.toEqual(gone)
    await run('begin', { use: 'pinned' })
    await adapter.closeScreen?.('s1')
    await adapter.closeScreen?.('s1')
    await expect(add('lamp')).rejects.toEqual(gone)
    await run('begin', { use: 'pinned' })
    await expect(run('crash', { use: 'continue' })).rejects.toMatchObject({ message: expect.stringContaining('There is none') })
    await expect(add('lamp')).rejects.toEqual(gone)
    await run('begin', { use: 'pinned' })
    expect(await add('lamp')).toEqual({ items: 'lamp' })
    await adapter.closeScreen?.('s1')
    await adapter.closeScreen?.('s2')
    expect(adapter.stats?.()).toMatchObject({ pinned: 0 })
  })

  test('that is closed under a call ends the call', async () => {
    await run('begin', { id: 's3', use: 'pinned' })
    const working = run('crash', { id: 's3', use: 'continue' })
    await adapter.closeScreen?.('s3')
    await expect(working).rejects.toThrow()
    await expect(add('lamp', 's3')).rejects.toEqual(gone)
  })
})
