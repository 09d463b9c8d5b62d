import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { type CallOptions, callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
let outside: Site

const form = `<h1>Form</h1><form action=/done><label for=a>First name</label><input id=a name=a placeholder="Type here" data-testid=first>
<label>Colour <select id=c name=c><option>Red<option value=g>Green</select></label><label><input type=checkbox id=k>Agree</label>
<button type=button onclick="out.textContent=a.value+'|'+c.value+'|'+k.checked">Show</button><button type=button ondblclick="out.textContent='twice'">Twice</button>
<button type=button onmouseover="out.textContent='over'">Over</button><input id=e aria-label=Enter onkeydown="if(event.key=='Enter'){out.textContent='entered';event.preventDefault()}"></form>
<p id=out></p><ul><li>1,5</li><li>2,5</li></ul><a href=/other target=_blank>Window</a><button onclick="out.textContent=confirm('Sure?')">Ask</button>
<button onclick="out.textContent=prompt('Name?')">Prompt</button><button onclick="setTimeout(()=>out.textContent='late',300)">Late</button>
<input type=file id=f aria-label=File onchange="f.files[0].text().then(t=>out.textContent=f.files[0].name+':'+t)"><a href=/file download>Get</a><a href=/huge download>Huge</a>
<iframe name=inner src=/inner></iframe>`
const rows = (from: number) =>
  `<table><tr><th>No</th><th>Amount</th><th>Paid</th></tr>${[0, 1].map(i => `<tr><td>${from + i}</td><td>${from + i}.50</td><td>${i ? 'Yes' : 'No'}</td></tr>`).join('')}<tr><td colspan=3>Total</td></tr></table>`

beforeAll(async () => {
  outside = await startSite({ '/': 'outside', '/x.js': '', '/ws': '' })
  site = await startSite({
    '/form': form,
    '/other': '<h1>Other window</h1>',
    '/inner': '<b id=in>inside</b>',
    '/file': (_, response) =>
      void response.writeHead(200, { 'content-disposition': 'attachment; filename="../../etc/passwd"' }).end('content'),
    '/huge': (_, response) =>
      void response.writeHead(200, { 'content-disposition': 'attachment; filename="huge"' }).end(Buffer.alloc(20 * 1024 * 1024 + 1)),
    '/pages': `<div id=t>${rows(1)}</div><a href="#" onclick="n=(window.n||1)+2;if(n>5)this.remove();setTimeout(()=>t.innerHTML=render(n),60);return false">Next</a>
      <script>const render=n=>${JSON.stringify(rows(0))}.replaceAll('>0.','>'+n+'.').replaceAll('>1.','>'+(n+1)+'.').replace('<td>0<','<td>'+n+'<').replace('<td>1<','<td>'+(n+1)+'<')</script>`,
    '/empty': '<table><tr><th>No</th></tr></table>',
    '/out': '',
    '/redirect': (_, response) => void response.writeHead(302, { location: `${outside.url}/` }).end(),
    '/slow': () => undefined,
    '/missing': (_, response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Broken</h1>')
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
  await outside.close()
})

async function run(steps: readonly JsonObject[], more: JsonObject = {}, options: Partial<CallOptions> = {}, target: JsonObject = {}) {
  const parsed = parseAction(adapter, { steps, ...more }, { timeout: '20s', ...target })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url, ...options })
  return { output: (await adapter.run(call)) as Output, call }
}
const shown = { extract: { out: { css: '#out' } } }
const open = { goto: '/form' }
const button = (name: string) => ({ role: 'button', name })

describe('steps', () => {
  test.each<[string, JsonObject]>([
    ['label', { label: 'First name' }],
    ['placeholder', { placeholder: 'Type here' }],
    ['testId', { testId: 'first' }],
    ['css', { css: '#a' }],
    ['xpath', { xpath: '//input[@id="a"]' }],
    ['role and name', { role: 'textbox', name: 'First name' }],
    ['text of a label', { text: 'First name' }],
    ['nth', { css: 'input', nth: 0 }],
    ['a list: the first that matches', { label: ['Given name', 'First name'] }],
    ['any, of different kinds', { any: [{ css: '#nothing' }, { testId: 'first' }] }],
    ['an expression', { css: '#{{ input.id }}' }]
  ])('fill finds its field by %s', async (_, where) => {
    const { output } = await run([open, { fill: { ...where, value: 'Ann' } }, { click: button('Show') }, shown], {}, { input: { id: 'a' } })
    expect(output).toEqual({ out: 'Ann|Red|false' })
  })

  test('select, check, dblclick, hover, press', async () => {
    const { output } = await run([
      open,
      { select: { label: 'Colour', value: 'Green' } },
      { check: { label: 'Agree' } },
      { click: button('Show') },
      { extract: { first: { css: '#out' }, agree: { label: 'Agree', as: 'boolean' } } },
      { dblclick: button('Twice') },
      { extract: { second: { css: '#out' } } },
      { hover: button('Over') },
      { extract: { third: { css: '#out' } } },
      { press: { label: 'Enter', key: 'Enter' } },
      { extract: { fourth: { css: '#out' }, numbers: { list: 'li', as: 'number', locale: 'de' } } }
    ])
    expect(output).toEqual({ first: '|g|true', agree: true, second: 'twice', third: 'over', fourth: 'entered', numbers: [1.5, 2.5] })
  })

  test('waitFor, expect, if, forEach, frame, result', async () => {
    const { output } = await run(
      [
        open,
        { click: button('Late') },
        { waitFor: { text: 'late' } },
        { expect: { css: '#out', value: 'late' } },
        { if: { text: 'late', steps: [{ extract: { was: { css: '#out' } } }], else: [{ goto: '/other' }] } },
        { if: { that: '{{ was = "early" }}', steps: [{ goto: '/other' }] } },
        {
          forEach: {
            in: '{{ input.names }}',
            as: 'person',
            steps: [{ fill: { label: 'First name', value: '{{ person.name }}' } }, { click: button('Show') }, shown]
          }
        },
        { frame: { name: 'inner', steps: [{ extract: { within: { css: '#in' } } }] } },
        { frame: { css: 'iframe', steps: [{ extract: { again: { role: 'strong', optional: true }, same: { text: 'inside' } } }] } }
      ],
      { result: { all: '{{ out }}', was: '{{ was }}', within: '{{ steps.within }}', same: '{{ same }}' } },
      { input: { names: [{ name: 'A' }, { name: 'B' }] } }
    )
    expect(output).toEqual({ all: ['A|Red|false', 'B|Red|false'], was: 'late', within: 'inside', same: 'inside' })
  })

  test('upload, download, screenshot, dialog, popup', async () => {
    const { output, call } = await run([
      open,
      { upload: { label: 'File', value: 'aGVsbG8=', file: '../hello.txt' } },
      { waitFor: { text: 'hello' } },
      { extract: { uploaded: { css: '#out' } } },
      { download: { role: 'link', name: 'Get', as: 'report' } },
      { screenshot: { as: 'page' } },
      { screenshot: { css: 'h1', as: 'heading' } },
      { dialog: { answer: 'accept', message: 'Sure' } },
      { click: button('Ask') },
      { extract: { asked: { css: '#out' } } },
      { dialog: { value: 'Bob' } },
      { click: button('Prompt') },
      { extract: { prompted: { css: '#out' } } },
      { click: { role: 'link', name: 'Window', popup: [{ extract: { other: { css: 'h1' } } }] } }
    ])
    expect(output).toMatchObject({ uploaded: '__hello.txt:hello', asked: 'true', prompted: 'Bob', other: 'Other window' })
    expect(output.report).toEqual({ artifact: 'report', file: '_.._etc_passwd', bytes: 7 })
    expect(Buffer.from(call.seen.artifacts.get('report') ?? []).toString()).toBe('content')
    expect([...call.seen.artifacts.keys()].sort()).toEqual(['heading.png', 'page.png', 'report'])
  })

  test('a table, page after page; an empty one; one that is not there', async () => {
    const columns = {
      no: { header: 'No', as: 'integer' },
      amount: { index: 2, as: 'money' },
      paid: { css: 'td:last-child', as: 'boolean' }
    }
    const next = { role: 'link', name: 'Next' }
    const { output } = await run([{ goto: '/pages' }, { extract: { all: { table: 'table', columns, next } } }])
    expect((output.all as Output[]).map(row => row.no)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect((output.all as Output[])[3]).toEqual({ no: 4, amount: 4.5, paid: true })
    const limited = await run([{ goto: '/pages' }, { extract: { all: { table: 'table', columns, next, limit: 3 } } }])
    expect((limited.output.all as Output[]).length).toBe(3)
    const until = await run([{ goto: '/pages' }, { extract: { all: { table: 'table', columns, next, until: '{{ row.no >= 4 }}' } } }])
    expect((until.output.all as Output[]).length).toBe(4)
    const empty = await run([
      { goto: '/empty' },
      {
        extract: {
          a: { table: 'table', columns: { no: { header: 'No' } } },
          b: { table: '#no', optional: true, columns: { no: { header: 'No' } } }
        }
      }
    ])
    expect(empty.output).toEqual({ a: [] })
  })
})

describe('what fails says why', () => {
  test.each<[string, JsonObject[], RegExp, RegExp?]>([
    [
      'an element that is not there',
      [open, { name: 'Press the button', click: button('Nope') }],
      /^step "Press the button" \(role "button" name "Nope"\): nothing on the page fits; waited \d+ ms$/,
      /^the buttons are .*"Show".*; the page is "Site" at \/form and says: Form/
    ],
    ['a window that does not open', [open, { click: { ...button('Show'), popup: [shown] } }], /no window opened/],
    ['a file that is too large', [open, { download: { role: 'link', name: 'Huge', as: 'huge' } }], /the file has more than 20 MiB/],
    [
      'more than one element',
      [open, { click: { css: 'button' } }],
      /6 elements fit: say which with within, or write nth: 0 to nth: 5(; waited|$)/,
      /^nth: 0 is button "Show", nth: 1/
    ],
    [
      'a value that is none',
      [open, { extract: { a: { css: 'h1', as: 'money' } } }],
      /a: what stands there is not an amount/,
      /^Form; the page is/
    ],
    [
      'a missing value',
      [open, { extract: { a: { css: '#none' } } }],
      /not found: a: the element: nothing on the page fits/,
      /^the headings are "Form"/
    ],
    [
      'an unknown column',
      [{ goto: '/pages' }, { extract: { a: { table: 'table', columns: { x: { header: 'Sum' } } } } }],
      /column "Sum" \(the table has No, Amount, Paid\)/
    ],
    ['an expectation', [open, { expect: { css: 'h1', value: 'List', message: 'not the list' } }], /not the list/],
    ['an expression', [open, { expect: { that: '{{ 1 = 2 }}' } }], /expected {{ 1 = 2 }}/],
    ['an unexpected dialog', [open, { click: button('Ask') }], /an unexpected dialog opened \(confirm\)/, /^Sure\?; the page is/],
    [
      'a dialog that says something else',
      [open, { dialog: { message: 'Other' } }, { click: button('Ask') }],
      /unexpected dialog/,
      /^Sure\?/
    ],
    ['a status of the target', [{ goto: '/missing' }, { click: { css: '#x' } }], /status 500$/, /says: Broken/],
    ['another scheme', [{ goto: 'file:///etc/passwd' }], /only http and https/]
  ])('%s', async (_, steps, message, said = /^the page is/) => {
    const last = { timeout: '2s', ...steps.at(-1) }
    await expect(run([...steps.slice(0, -1), last])).rejects.toMatchObject({
      code: 'target_failed',
      message: expect.stringMatching(message),
      targetSaid: expect.stringMatching(said)
    })
  })

  // Both would wait for ten minutes, which is longer than a test may take.
  test('abort ends at once, and the page is not used again', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('stopped')), 300)
    await expect(run([open, { click: button('Nope') }], {}, { signal: stop.signal }, { timeout: '10m' })).rejects.toThrow('stopped')
  })

  test('the deadline bounds every wait', async () => {
    await expect(run([{ goto: '/slow', timeout: '10m' }], {}, { deadlineMs: 700 })).rejects.toThrow()
  })
})

test('nothing outside of egress is reached: navigation, redirect, subresource, fetch, window, form, WebSocket', async () => {
  const address = outside.url
  site.pages['/out'] =
    `<img src="${address}/x.png"><script src="${address}/x.js"></script><link rel=stylesheet href="${address}/x.css"><link rel=prefetch href="${address}/p">
    <iframe src="${address}/"></iframe><form id=f method=post action="${address}/" target=_blank></form><p id=done></p><script>
    const tries=[fetch('${address}/',{mode:'no-cors'}),fetch('${address.replace('127.0.0.1', 'localhost')}/',{mode:'no-cors'}),new Promise(f=>{const w=new WebSocket('${address.replace('http', 'ws')}/ws');w.onerror=f})];
    navigator.sendBeacon('${address}/b','x');open('${address}/');f.submit();Promise.allSettled(tries).then(()=>done.textContent='tried')</script>`
  await run([{ goto: '/out' }, { waitFor: { text: 'tried' } }])
  await expect(run([{ goto: `${address}/` }])).rejects.toThrow(/ERR_PROXY_CONNECTION_FAILED/)
  await expect(run([{ goto: '/redirect' }])).rejects.toThrow(/ERR_PROXY_CONNECTION_FAILED/)
  expect(outside.requests).toEqual([])
  const { output } = await run([{ goto: `${address}/` }, { extract: { body: { css: 'body' } } }], {}, { egress: [address] })
  expect(output).toEqual({ body: 'outside' })
})
