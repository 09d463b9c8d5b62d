/** Filled is not sent: a script, or the field itself, may have put something else in its place. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { pages } from './playwright/filled-pages.ts'
import { callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
/** What the target has got. */
const saved: string[] = []

beforeAll(async () => {
  site = await startSite({
    ...pages,
    '/kept': 'kept',
    '/save': (request, _, body) => {
      saved.push(body || (request.url ?? ''))
      return '<p id=done>Done</p>'
    }
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

async function run(steps: readonly JsonObject[], sensitive: readonly string[] = []) {
  saved.length = 0
  const effect = steps.some(step => JSON.stringify(step).includes('"commit"')) ? 'write' : 'read'
  const parsed = parseAction(adapter, { effect, steps }, { timeout: '20s' })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url, sensitive })
  return { call, output: adapter.run(call) as Promise<Output> }
}

type Case = readonly [what: string, steps: readonly JsonObject[], says: string]
const button = { role: 'button', name: 'Go' }
const go = { click: button, commit: { request: '/save*' } }
const search = { click: button }
/** The page sets it back then. */
const isBack = { hover: { css: '#later' } }
const next = { click: { role: 'button', name: 'Next' } }
const fill = (value = '12.50', more: JsonObject = {}) => ({ fill: { label: 'Amount', value, ...more } })
const was = (held: string) => `field Amount was filled with 12.50 and ${held}`

const hello = Buffer.from('hello').toString('base64')
const upload = (more: JsonObject = {}) => ({ upload: { label: 'Receipt', value: hello, file: 'receipt.txt', ...more } })
const large = { value: Buffer.alloc(5_000_000, 'x').toString('base64') }
const type = (keys: string, more: JsonObject = {}) => [...keys].map(key => ({ press: { label: 'Amount', key, ...more } }))
const given = (held: string) => `field Receipt was given receipt.txt (5 bytes) and ${held}`

const lost: readonly Case[] = [
  ['a script sets it back', [{ goto: '/back' }, fill(), isBack, go], was('holds 0.00')],
  ['a script sets it back as the form is sent', [{ goto: '/onsubmit' }, fill(), go], was('the request carries 0.00')],
  ['a field that is switched off as the form is sent', [{ goto: '/disabled' }, fill(), go], was('the request carries nothing')],
  ['as a form with parts is sent', [{ goto: '/parts' }, fill(), go], was('the request carries 0.00')],
  ['as a form is sent in the address', [{ goto: '/query' }, fill(), go], was('the request carries 0.00')],
  ['on a page of another encoding', [{ goto: '/latin' }, fill('é12'), go], 'field Amount was filled with é12 and the request carries ü'],
  [
    'a list that goes back',
    [{ goto: '/revert' }, { select: { label: 'State', value: 'CA' } }, isBack, go],
    'field State was set to CA and holds New York'
  ],
  [
    'a list that goes back as it is sent',
    [{ goto: '/revert-sent' }, { select: { label: 'State', value: 'California' } }, go],
    'State was set to California and the request carries NY'
  ],
  [
    'a list that sends by itself',
    [{ goto: '/auto-form' }, { select: { label: 'State', value: 'CA' }, commit: { request: 'POST /save' } }],
    'State was set to CA and the request carries NY'
  ],
  [
    'a list of several',
    [{ goto: '/several' }, { select: { label: 'Parts', value: ['a', 'b'] } }, isBack, go],
    'field Parts was set to a, b and holds a'
  ],
  [
    'a box that loses its tick',
    [{ goto: '/untick' }, { check: { label: 'Agree' } }, isBack, go],
    'field Agree was ticked and holds no tick'
  ],
  [
    'a box that gets it again',
    [{ goto: '/tick' }, { check: { label: 'Agree', value: false } }, isBack, go],
    'field Agree was cleared of its tick and holds a tick'
  ],
  [
    'a switch that is no box',
    [{ goto: '/switch' }, { check: { role: 'switch', name: 'Agree' } }, isBack, go],
    'field Agree was ticked and holds no tick'
  ],
  ['one of a group', [{ goto: '/radio' }, { check: { label: 'Large' } }, isBack, go], 'field Large was ticked and holds no tick'],
  ['a field that cuts', [{ goto: '/cut' }, fill(), go], was('holds 12.')],
  ['a field that drops characters', [{ goto: '/dropped' }, fill('12x50'), go], 'field Amount was filled with 12x50 and holds 1250'],
  ['an area of text', [{ goto: '/area' }, fill('a\nb'), isBack, go], 'field Amount was filled with a b and holds a'],
  [
    'an editor',
    [{ goto: '/editor' }, { fill: { css: '#d', value: 'two words' } }, isBack, go],
    'field Note was filled with two words and holds Draft'
  ],
  [
    'a day',
    [{ goto: '/day' }, { fill: { label: 'When', value: '2026-11-30' } }, isBack, go],
    'field When was filled with 2026-11-30 and holds 2026-11-01'
  ],
  ['a form that is drawn anew', [{ goto: '/redrawn' }, fill(), isBack, go], was('holds 0')],
  ['in a frame', [{ goto: '/framed' }, { frame: { name: 'inner', steps: [fill(), isBack, go] } }], was('holds 0.00')],
  ['a script that sends what it had', [{ goto: '/json' }, fill(), go], was('the request carries 0')],
  ['a script that sends what nobody can read', [{ goto: '/opaque' }, fill(), go], was('holds 0.00')],
  ['after a step between', [{ goto: '/steps' }, fill(), next, isBack, go], was('holds 0.00')],
  ['the first page of two', [{ goto: '/first' }, fill(), search, go], was('the request carries 0.00')],
  [
    'the second page of two, which carries it',
    [{ goto: '/carried' }, fill(), search, { waitFor: { css: '#second' } }, go],
    was('the request carries 0.00')
  ],
  ['a search', [{ goto: '/back' }, fill(), isBack, search], was('holds 0.00')],
  ['a search that a script changes', [{ goto: '/query' }, fill(), search, { waitFor: { css: '#done' } }], was('the request carries 0.00')],
  ['a file that the page puts out again', [{ goto: '/file-refused' }, upload(), go], given('the request carries nothing')],
  [
    'a file that an earlier page put out again',
    [{ goto: '/file-first' }, upload(), next, { waitFor: { css: '#second' } }, go],
    given('holds nothing')
  ],
  [
    'a file that the page puts out again, where nothing is held',
    [{ goto: '/file-refused' }, upload(), { click: button, commit: { via: 'any' } }],
    given('holds nothing')
  ],
  ['a file that goes later', [{ goto: '/file-late' }, upload(), isBack, go], given('the request carries nothing')],
  ['a file that goes as the form is sent', [{ goto: '/file-emptied' }, upload(), go], given('the request carries nothing')],
  ['another file in its place', [{ goto: '/file-other' }, upload(), go], given('the request carries receipt.txt (5 bytes)')],
  ['a form that sends the name of the file alone', [{ goto: '/file-named' }, upload(), go], given('the request carries receipt.txt')],
  ['a script that leaves the file out', [{ goto: '/file-script' }, upload(), go], given('holds nothing')],
  ['beside a file', [{ goto: '/file-amount' }, fill(), upload(), go], was('the request carries 0.00')],
  ['beside a large file', [{ goto: '/file-amount' }, fill(), upload(large), go], was('the request carries 0.00')],
  ['typed, and dropped', [{ goto: '/typed-dropped' }, ...type('12.50'), go], was('holds 12.0')],
  ['typed, and set back', [{ goto: '/typed-back' }, ...type('12.50'), isBack, go], was('holds 0.00')],
  ['typed, and set back as it is sent', [{ goto: '/typed-sent' }, ...type('12.50'), go], was('the request carries 0.00')],
  [
    'typed behind what was filled in',
    [{ goto: '/typed-back' }, fill('12.5'), { press: { label: 'Amount', key: 'End' } }, ...type('0'), isBack, go],
    was('holds 0.00')
  ],
  [
    'typed where the focus is',
    [{ goto: '/typed-back' }, { click: { label: 'Amount' } }, ...[...'12.50'].map(key => ({ press: { key } })), isBack, go],
    'field Amount was filled with 12.50 and holds 0.00'
  ],
  [
    'chosen by a key',
    [{ goto: '/keys' }, { press: { label: 'State', key: 'c' } }, isBack, go],
    'field State was set to CA and holds New York'
  ],
  ['a list that is narrowed at once', [{ goto: '/back' }, fill(), isBack, { extract: { a: { css: 'body' } } }], was('holds 0.00')]
]

test.each(lost)('not what was filled in: %s', async (_, steps, says) => {
  const { call, output } = await run(steps)
  await expect(output).rejects.toMatchObject({ code: 'target_failed', effect: 'none', message: expect.stringContaining(says) })
  expect({ commits: call.seen.commits, saved: saved.filter(() => call.seen.commits > 0) }).toEqual({ commits: 0, saved: [] })
})

const kept: readonly Case[] = [
  ['as it is', [{ goto: '/plain' }, fill(), go], 'amount=12.50'],
  ['the last of two', [{ goto: '/plain' }, fill('1'), fill(), go], 'amount=12.50'],
  ['an amount that the page writes with two places', [{ goto: '/money' }, fill('1234.5'), go], 'amount=1%2C234.50'],
  ['a field that says so', [{ goto: '/upper' }, fill('abc', { verify: false }), go], 'amount=ABC'],
  ['lines', [{ goto: '/lines' }, fill('a\nb'), go], 'amount=a%0D%0Ab'],
  ['what only another encoding holds', [{ goto: '/encoded' }, fill('é€'), go], 'amount=%E9%80'],
  ['what a script makes a number of', [{ goto: '/number' }, fill(), go], '{"amount":12.5}'],
  ['a form that is emptied as it is sent', [{ goto: '/emptied' }, fill(), go], '{"total":"12.50"}'],
  ['a suggestion', [{ goto: '/suggest' }, fill('Bo'), { click: { text: 'Bolt Ltd' } }, go], 'amount=Bolt+Ltd'],
  ['an entry that was taken over', [{ goto: '/entries' }, fill(), next, go], '{"entries":["12.50"]}'],
  [
    'a group, and the other of it',
    [{ goto: '/radio' }, { check: { label: 'Large' } }, isBack, { check: { label: 'Small' } }, go],
    'size=s'
  ],
  [
    'a list, a box, a list of several',
    [
      { goto: '/whole' },
      { select: { label: 'State', value: 'California' } },
      { check: { label: 'Agree' } },
      { select: { label: 'Parts', value: ['a', 'C'] } },
      go
    ],
    'st=CA&agree=on&m=a&m=c'
  ],
  ['a password that is sent as a digest', [{ goto: '/digest' }, { fill: { label: 'PIN', value: '4711' } }, go], 'pin=xyz'],
  ['a script that waits for its own request', [{ goto: '/waiting' }, fill(), go], '{"amount":"12.50"}'],
  ['a field that sends by itself', [{ goto: '/auto' }, { ...fill(), commit: { request: 'POST /save' } }], '{"amount":"12.50"}'],
  ['keys that change it', [{ goto: '/plain' }, fill(), { press: { label: 'Amount', key: '7' } }, go], 'amount=12.507'],
  ['a file', [{ goto: '/file' }, upload(), go], 'hello'],
  [
    'a file that the page puts out again, where that is its way',
    [{ goto: '/file-refused' }, fill(), upload({ verify: false }), go],
    '12.50'
  ],
  ['a file that a script sends at once', [{ goto: '/file-sent' }, upload(), { waitFor: { text: 'kept' } }, go], ''],
  ['a file that a script makes a text of', [{ goto: '/file-text' }, upload(), { hover: { css: '#later' } }, go], encodeURIComponent(hello)],
  ['a file in a form that is emptied as it is sent', [{ goto: '/file-formdata' }, upload(), go], 'hello'],
  ['keys', [{ goto: '/typed' }, ...type('12.50'), go], 'amount=12.50'],
  ['keys into a number', [{ goto: '/typed-number' }, ...type('-12.50'), go], 'amount=-12.50'],
  ['keys under a mask', [{ goto: '/typed-mask' }, ...type('1250'), go], 'amount=12.50'],
  ['keys that the page drops, where that is its way', [{ goto: '/typed-dropped' }, ...type('12.50', { verify: false }), go], 'amount=12.0'],
  [
    'keys that take one away',
    [{ goto: '/typed' }, fill('12.501'), { press: { label: 'Amount', key: 'End' } }, { press: { label: 'Amount', key: 'Backspace' } }, go],
    'amount=12.50'
  ],
  ['pages that follow', [{ goto: '/pages' }, fill(), search, { waitFor: { css: '#second' } }, fill('7'), go], 'amount=7']
]

test.each(kept)('what was filled in: %s', async (_, steps, got) => {
  const { call, output } = await run(steps)
  await output
  expect({ commits: call.seen.commits, saved }).toEqual({ commits: 1, saved: [expect.stringContaining(got)] })
})

test('a secret is in no text, and no part of it', async () => {
  const { output } = await run([{ goto: '/back' }, fill('4711-0815'), isBack, go], ['4711-0815'])
  const error = (await output.catch((problem: Error) => problem)) as Error & { targetSaid?: string }
  expect(error.message).toContain('field Amount no longer has what was filled in')
  expect(`${error.message}${error.targetSaid}`).not.toContain('4711')
})
