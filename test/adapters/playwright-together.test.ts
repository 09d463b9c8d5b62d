/** Several runs share a login: what one of them does leaves the commit of another alone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { patienceMs, until } from '../setup/until.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { startSite } from './playwright/site.ts'

const rounds = 24

test('no request leaves around the gate when another page closes as it opens', async () => {
  const site = await startSite({ '/form': '<form action=/paid method=post><button>Pay</button></form>', '/paid': '<p>Paid</p>' })
  const adapter = createAdapter()
  const parsed = (steps: object[]) => parseAction(adapter, { effect: 'irreversible', steps } as never).steps
  const looking = parsed([
    { goto: '/form' },
    { waitFor: { text: 'never there' }, timeout: '20s' },
    { click: { role: 'button', name: 'Pay' }, commit: true }
  ])
  const paying = parsed([{ goto: '/form' }, { click: { role: 'button', name: 'Pay' }, commit: true, timeout: '3s' }])
  let commits = 0
  /** From the begin of the committing step to the request, in milliseconds. */
  let clickMs = 0
  for (let round = 0; round <= rounds; round++) {
    const lookers = Array.from({ length: 3 }, () => {
      const leave = new AbortController()
      const call = callOf(looking, { url: site.url, signal: leave.signal })
      return { call, leave, end: adapter.run(call).catch(error => error) }
    })
    const at = (call: { readonly seen: { readonly steps: readonly string[] } }) =>
      until('its third step', () => call.seen.steps.length >= 3)
    await Promise.all(lookers.map(({ call }) => at(call)))
    const asked = Promise.withResolvers<void>()
    const payer = callOf(paying, { url: site.url, commit: async () => asked.resolve() })
    const paid = adapter.run(payer).catch(error => error)
    await at(payer)
    const begun = performance.now()
    if (round === 0)
      await asked.promise.then(() => {
        clickMs = performance.now() - begun
      })
    else await sleep((clickMs * round) / rounds)
    for (const { leave } of lookers) leave.abort(new Error('somebody leaves'))
    await Promise.all(lookers.map(({ end }) => end))
    expect(await paid).toEqual({})
    commits += payer.seen.commits
  }
  await adapter.close()
  await site.close()
  expect(site.requests.filter(request => request.startsWith('POST')).length).toBe(commits)
  expect(commits).toBe(rounds + 1)
})

/** Its form is sent in a new window. */
async function windowSite() {
  const paid: string[] = []
  const idOf = (url = '') => new URL(`http://site${url}`).searchParams.get('id')
  const site = await startSite({
    '/form': ({ url }) => `<form action=/paid method=post target=_blank><input name=id value=${idOf(url)}><button>Pay</button></form>`,
    '/paid': (_, __, body) => {
      paid.push(body)
      return '<p>Paid</p>'
    }
  })
  return { site, paid }
}

const inWindow = {
  effect: 'irreversible',
  steps: [{ goto: '/form?id={{ input.id }}' }, { click: { role: 'button', name: 'Pay' }, commit: { request: 'POST /paid' }, timeout: '4s' }]
}

test('a window that opens at the commit of one run is not taken for that of another', async () => {
  const { site, paid } = await windowSite()
  const adapter = createAdapter()
  const ids = Array.from({ length: 8 }, (_, index) => String(index))
  const { steps } = parseAction(adapter, inWindow)
  // While nobody can tell whose a window is, nobody pays; how often depends on the machine.
  const giveUpAt = Date.now() + patienceMs
  const pay = async (id: string) => {
    for (;;) {
      const call = callOf(steps, { url: site.url, input: { id } })
      const failed = await adapter.run(call).then(
        () => undefined,
        error => error
      )
      if (call.committed) return paid.filter(body => body === `id=${id}`).length
      if (Date.now() > giveUpAt) throw failed
    }
  }
  const counts = await Promise.all(ids.map(pay))
  await adapter.close()
  await site.close()
  expect(counts).toEqual(ids.map(() => 1))
  expect(paid.toSorted()).toEqual(ids.map(id => `id=${id}`))
})

test('when its run breaks off, the browser goes too: a window outlives the page that opened it', async () => {
  const { site, paid } = await windowSite()
  const adapter = createAdapter()
  const { steps } = parseAction(adapter, inWindow)
  const pay = (id: string) => adapter.run(callOf(steps, { url: site.url, input: { id } }))
  await pay('1')
  const stop = new AbortController()
  const commit = () => {
    stop.abort(new Error('it breaks off'))
    return Promise.reject(stop.signal.reason)
  }
  const broken = adapter.run(callOf(steps, { url: site.url, input: { id: '2' }, signal: stop.signal, commit }))
  await expect(broken).rejects.toThrow('it breaks off')
  await until('the browser is gone', () => adapter.stats?.().browsers === 0)
  await pay('3')
  expect(adapter.stats?.().browsersLaunched).toBe(2)
  expect(paid).toEqual(['id=1', 'id=3'])
  await adapter.close()
  await site.close()
})
