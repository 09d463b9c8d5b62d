/** Warm pages belong to a tenant: what one left there, another does not see. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { letGo } from '../../adapters/playwright/let-go.ts'
import type { Json, JsonObject } from '../../src/index.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
let logins = 0
let passes = true
beforeAll(async () => {
  site = await startSite({
    '/login': '<form action=/main method=post><button>In</button></form>',
    '/main': ({ method }, response) => {
      if (method === 'POST') logins++
      if (!passes) return void response.writeHead(302, { location: '/login' }).end()
      response.setHeader('set-cookie', `login=${logins}; path=/`)
      return '<p>Main menu</p>'
    },
    '/customer': ({ url = '' }, response) => {
      response.setHeader('set-cookie', `seen=${url.split('=')[1]}; path=/`)
      return `<p>Main menu</p><p id=who>${url.split('=')[1]}</p>`
    },
    '/cookies': ({ headers }) => `<p>Main menu</p><p id=cookies>${headers.cookie ?? ''}</p>`
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

const target = { login: [{ goto: '/login' }, { click: { role: 'button', name: 'In' } }], ready: { text: 'Main menu' }, timeout: '20s' }

interface As {
  readonly input?: JsonObject
  readonly digest?: string
  readonly timeout?: string
}

function run(tenant: string, steps: readonly JsonObject[], { input = {}, digest = 'd1', timeout = '20s' }: As = {}): Promise<Json> {
  // Only a manifest that was not checked has steps that do not begin with goto.
  const parsed = parseAction(adapter, { steps, screen: 'continue' }, { ...target, timeout })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url, input, concurrency: 1, digest })
  return adapter.run({ ...call, run: { ...call.run, tenant } })
}
const look = [{ goto: '/customer?no={{ input.no }}' }]
const leftThere = [{ extract: { who: { css: '#who', optional: true } } }]
const cookies = [{ goto: '/cookies' }, { extract: { cookies: { css: '#cookies' } } }]

describe('a warm page', () => {
  test('is seen by runs of its tenant alone, and so are its cookies and its login', async () => {
    await run('a', look, { input: { no: '4711' } })
    expect(await run('b', leftThere)).toEqual({})
    expect(await run('a', leftThere)).toEqual({ who: '4711' })
    expect(await run('b', cookies)).toEqual({ cookies: 'login=2' })
    expect(await run('a', cookies)).toEqual({ cookies: 'login=1; seen=4711' })
    expect(logins).toBe(2)
  })

  test('takes its place among those of all tenants: the target bears no more', async () => {
    let most = 0
    const steps = [{ goto: '/cookies' }, { waitFor: { text: 'Main menu' } }]
    const watch = setInterval(() => {
      const { pages = 0, idle = 0 } = adapter.stats?.() ?? {}
      most = Math.max(most, pages - idle)
    })
    await Promise.all(['a', 'b', 'a', 'b'].map(tenant => run(tenant, steps)))
    clearInterval(watch)
    expect(most).toBe(1)
  })

  test('a login that the target refused is not tried again for another tenant, so that no account is locked', async () => {
    passes = false
    const before = logins
    for (const tenant of ['a', 'b', 'c'])
      await expect(run(tenant, cookies, { digest: 'refused', timeout: '2s' })).rejects.toMatchObject({
        code: 'target_failed',
        retryable: false
      })
    passes = true
    expect(logins - before).toBe(1)
  })

  test('a login sees nothing of the input that one run has', async () => {
    const login = [{ goto: '/login?of={{ optional input.no }}' }, { click: { role: 'button', name: 'In' } }]
    const { steps } = parseAction(adapter, { steps: cookies }, { ...target, login })
    await adapter.run(callOf(steps, { url: site.url, input: { no: 'secret' }, digest: 'own' }))
    expect(site.requests).toContain('GET /login')
  })
})

describe('idle pages of all logins are bounded', () => {
  const made = (idle: number, inUse = false) => {
    const login = { idle, inUse, dropPage: () => login.idle-- > 0 }
    return login
  }
  const left = (logins: readonly ReturnType<typeof made>[], most: number) => {
    const gone: ReturnType<typeof made>[] = []
    letGo(logins, login => gone.push(login), most)
    return logins.map(login => (gone.includes(login) ? 'gone' : login.idle))
  }

  test.each<[string, ReturnType<typeof made>[], number, (number | 'gone')[]]>([
    ['nothing goes as long as there is room', [made(2), made(2)], 4, [2, 2]],
    ['the login that was used longest ago goes first', [made(1), made(1), made(1)], 2, ['gone', 1, 1]],
    ['its pages go one after the other', [made(3), made(2)], 4, [2, 2]],
    ['until it goes itself', [made(2), made(2)], 2, ['gone', 2]],
    ['a login in use keeps its login', [made(2, true), made(2)], 1, [0, 1]],
    ['a login without pages counts too', [made(0), made(0), made(1)], 2, ['gone', 0, 1]],
    [
      'a thousand tenants',
      Array.from({ length: 1_000 }, () => made(1)),
      3,
      [...Array.from({ length: 997 }, () => 'gone' as const), 1, 1, 1]
    ]
  ])('%s', (_, logins, most, expected) => {
    expect(left(logins, most)).toEqual(expected)
  })
})
