/** A failed step says why, as far as the page tells, and what to write; and finds what is named by its row, its surroundings or the text beside it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { type CallOptions, callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site

const reasons = `<h1>Orders</h1><style>#menu{display:none}</style>
<div style="position:relative"><button>Covered</button><div style="position:absolute;inset:0" id=cookie>We use cookies</div></div>
<button disabled>Shut</button><div id=menu><button>Folded</button></div><label>Fixed <input readonly value=7></label>
<ul><li>A <a href=#>Edit</a><li>B <a href=#>Edit</a></ul><input type=button value="Save all">
<label>Colour <select><option>Red<option disabled>Green<option>Blue</select></label><div id=fake>Pick</div>
<label>Secret <input type=password value=hunter2></label><label>Account no <input value="DE00 1234"></label>
<button style="position:absolute;left:-400px;width:50px">Away</button><p id=note>Waiting</p><a href=/other target=_blank>PDF</a><a href=/file download>CSV</a>
<iframe name=inner src=/inner></iframe>`

const row = (no: string, day: string) =>
  `<tr><td><b>${no}</b> <i>(open)</i></td><td>${day}&nbsp;</td><td><a href=# onclick="out.textContent=this.title" title="${no.replaceAll('"', '&quot;')} ${day}">Edit</a> <input aria-label=Note></td></tr>`
const rows = `<table><tr><td><table id=first>${row('INV-1', '1 May')}${row('INV-10', '1 May')}${row('INV-1', '2 May')}</table></td></tr></table>
  <table id=second>${row(`O'Hara >> "x"`, '3 May')}${row('INV-1', '9 May')}</table>
  <ul><li>A <a href=# onclick="out.textContent='a'">Edit</a><li>B <a href=# onclick="out.textContent='b'">Edit</a></ul><p id=out></p>`
/** No label element in it. */
const old = `<form><table><tr><th>Invoice Date *</th><td><input id=d></td></tr><tr><td align=right>Amount:</td><td></td><td><input id=a></td></tr>
  <tr><td>Period</td><td>From <input id=from> to <input id=to></td></tr><tr><td>Twice</td><td><input id=t1></td></tr><tr><td>Twice</td><td><input id=t2></td></tr></table>
  <table><tr><th>Item</th><th colspan=2>Price</th></tr><tr><td>Pen</td><td><input id=pen></td><td>EUR</td></tr></table>
  <table><tr><td>City</td><td>Street</td></tr><tr><td><input id=city></td><td><input id=street></td></tr></table>
  <p>Remarks<br><textarea id=remarks></textarea></p><b>Kind</b>: <select id=kind><option>x<option>y</select> <input type=checkbox id=agree> I agree<br>
  <input placeholder=Search id=search></form>`

beforeAll(async () => {
  site = await startSite({
    '/': reasons,
    '/rows': rows,
    '/old': old,
    '/labelled': '<label>Amount <input id=x></label><table><tr><td>Amount<td><input id=y></table>',
    '/inner': '<button>Inside</button>',
    '/other': 'Other',
    '/file': (_, response) => void response.writeHead(200, { 'content-disposition': 'attachment; filename="x.csv"' }).end('1')
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

async function run(steps: readonly JsonObject[], more: JsonObject = {}, options: Partial<CallOptions> = {}) {
  const parsed = parseAction(adapter, { steps: [{ goto: '/' }, ...steps], ...more }, { timeout: '20s' })
  expect(parsed.issues).toEqual([])
  return (await adapter.run(callOf(parsed.steps, { url: site.url, ...options }))) as Output
}

interface Problem {
  readonly message: string
  readonly targetSaid: string
}
/** The last step is the one that fails, and has little time for it. */
const failure = ([...steps]: readonly JsonObject[], ...more: [JsonObject?, Partial<CallOptions>?]): Promise<Problem> =>
  run([...steps.slice(0, -1), { timeout: '300ms', ...steps.at(-1) }], ...more).then(
    output => expect(output).toBe('a failure') as never,
    error => error
  )

describe('why a step failed', () => {
  test.each<[string, JsonObject, RegExp, RegExp]>([
    [
      'covered',
      { click: { role: 'button', name: 'Covered' } },
      /: div#cookie covers it: close that first.*; waited \d+ ms$/,
      /says "We use cookies"/
    ],
    ['disabled', { click: { role: 'button', name: 'Shut' } }, /: it is disabled; waited/, /Orders/],
    ['hidden', { click: { css: '#menu button' } }, /: it is there, but not visible \(display: none of div#menu\)/, /Orders/],
    ['read-only', { fill: { label: 'Fixed', value: '8' } }, /: it is read-only/, /Orders/],
    ['outside', { click: { role: 'button', name: 'Away' } }, /: it is outside of the viewport/, /Orders/],
    [
      'an unknown option',
      { select: { label: 'Colour', value: 'Green?' } },
      /: it has (no such option, but 2 others|2 options that can be chosen); 1 more can not be chosen/,
      /the options are "Red", "Blue"/
    ],
    ['no drop-down list', { select: { css: '#fake', value: 'x' } }, /: it is no drop-down list but div#fake: use click/, /Orders/],
    [
      'several',
      { click: { role: 'link', name: 'Edit' } },
      /: 2 elements fit: say which with row with a text of its row, or write nth: 0 or nth: 1(; waited|$)/,
      /nth: 0 is a "Edit" in "A Edit", nth: 1 is a "Edit" in "B Edit"/
    ],
    [
      'several, read',
      { extract: { x: { css: 'li a' } } },
      /: x: .*: 2 elements fit: .* nth: 0 or nth: 1(; waited|$)/,
      /nth: 1 is a "Edit" in "B Edit"/
    ],
    [
      'no such button',
      { click: { role: 'button', name: 'Save', exact: true } },
      /: nothing on the page fits; waited/,
      /the buttons are "Save all"/
    ],
    ['none of the role', { click: { role: 'tab', name: 'Save' } }, /: nothing on the page fits/, /there are no tabs/],
    ['no such label', { fill: { label: 'Acount', value: 'x' } }, /: nothing on the page fits/, /the fields are "Account no", /],
    [
      'no such text',
      { waitFor: { text: 'Orders of today' } },
      /: nothing on the page fits/,
      /the headings are "Orders"; the buttons and links are/
    ],
    ['nothing to read', { extract: { x: { css: '#nothing' } } }, /: nothing on the page fits/, /the headings are "Orders"/],
    [
      'not there, expected',
      { expect: { role: 'button', name: 'Pay' } },
      /: expected role .* not there: nothing on the page fits/,
      /the buttons are/
    ],
    ['in a frame', { click: { role: 'button', name: 'Inside' } }, /: it is in a frame \(name: inner\): put the step into frame/, /Orders/],
    ['there still', { waitFor: { text: 'Waiting', state: 'hidden' }, timeout: '3s' }, /: it is still there/, /Orders/]
  ])('%s', async (_, step, detail, said) => {
    const { message, targetSaid } = await failure([step])
    expect(message).toMatch(detail)
    expect(targetSaid).toMatch(said)
    expect(`${message} ${targetSaid}`).not.toMatch(/hunter2|DE00/)
  })

  test('a window that no step expects', async () => {
    const { message } = await failure([{ click: { text: 'PDF' } }, { waitFor: { text: 'Other' } }])
    expect(message).toContain('a window that the page opened was closed, as no popup expects it')
  })

  test('what the input marks as sensitive is in none of it, and with evidence: none no list of what is there', async () => {
    const step = { click: { role: 'button', name: 'Pay' } }
    const { targetSaid } = await failure([step], {}, { sensitive: ['Save all'] })
    expect(targetSaid).toMatch(/the buttons are .*"\*\*\*"/)
    expect(targetSaid).not.toContain('Save all')
    const { message, targetSaid: brief } = await failure([step], {}, { evidence: 'none' })
    expect(message).toContain('nothing on the page fits')
    expect(brief).not.toContain('the buttons are')
  })
})

const edited = { extract: { out: { css: '#out' } } }
const edit = (more: JsonObject) => ({ click: { role: 'link', name: 'Edit', ...more } })
const goto = (path: string) => ({ goto: path })

describe('row and within', () => {
  test.each<[string, JsonObject, string]>([
    ['the texts of two cells', { row: ['inv-1', '2 May'] }, 'INV-1 2 May'],
    ['a text that is a part of another', { row: 'INV-10' }, 'INV-10 1 May'],
    ['within a table', { row: 'INV-1', within: '#second' }, 'INV-1 9 May'],
    ['quotes and the like', { row: `O'Hara >> "x"` }, `O'Hara >> "x" 3 May`],
    ['a template', { row: ['{{ input.no }}', '1 May'] }, 'INV-10 1 May'],
    ['an item of a list', { row: 'B' }, 'b'],
    ['within a row', { within: { row: ['INV-1', '2 May'] } }, 'INV-1 2 May'],
    ['within in within', { within: { css: 'tr', nth: -1, within: { css: 'table', within: 'td' } } }, 'INV-1 2 May'],
    ['alternatives', { within: { any: [{ css: '#nothing' }, { css: 'li', nth: 0 }] } }, 'a']
  ])('%s', async (_, where, out) => {
    expect(await run([goto('/rows'), edit(where), edited], {}, { input: { no: 'INV-10' } })).toEqual({ out })
  })

  test('fill, expect, if and extract know them, and a row alone is the row', async () => {
    const steps = [
      goto('/rows'),
      { fill: { label: 'Note', row: 'INV-10', value: 'seen' } },
      { expect: { css: 'input', row: 'INV-10', value: 'seen' } },
      { if: { text: '3 May', within: '#first', steps: [edit({ row: 'B' })], else: [edit({ row: 'A' })] } },
      {
        extract: {
          out: { css: '#out' },
          note: { label: 'Note', row: 'INV-10' },
          line: { row: ['INV-1', '2 May'], pattern: '^INV-1 .open.' },
          none: { css: 'a', row: 'INV-2', optional: true },
          days: { list: { css: 'td:nth-child(2)', within: '#second' } },
          all: { table: { css: 'table', within: 'td' }, columns: { no: { index: 1 } } }
        }
      }
    ]
    expect(await run(steps)).toMatchObject({ out: 'a', note: 'seen', line: 'INV-1 (open)', days: ['3 May', '9 May'], all: { length: 3 } })
  })

  test.each<[string, JsonObject, RegExp, RegExp]>([
    [
      'several rows',
      { row: 'INV-1' },
      /: 3 rows have these texts: give row more texts/,
      /the rows are "INV-1 \(open\) 1 May Edit", "INV-1 \(open\) 2 May Edit", "INV-1 \(open\) 9 May Edit"/
    ],
    ['no row', { row: 'INV-9' }, /: no row has these texts/, /Site/],
    ['nothing around it', { within: '#third' }, /: what within names is not there/, /Site/]
  ])('%s is said', async (_, where, detail, said) => {
    const { message, targetSaid } = await failure([goto('/rows'), edit(where)])
    expect(message).toMatch(detail)
    expect(targetSaid).toMatch(said)
  })

  test('an empty text, which every row has, is refused', async () => {
    await expect(failure([goto('/rows'), edit({ row: '{{ input.no }}' })], {}, { input: { no: ' ' } })).resolves.toMatchObject({
      code: 'invalid_input'
    })
  })

  test.each<[string, JsonObject, string]>([
    ['nothing in within', { click: { text: 'x', within: {} } }, 'steps.1.click.within: names no element'],
    ['a mistake in within', { click: { text: 'x', within: 'div[' } }, 'steps.1.click.within.css: css "div["'],
    ['a row beside any', { click: { row: 'a', any: [{ text: 'x' }] } }, 'any stands alone'],
    [
      'within beside a table',
      { extract: { x: { table: 'table', within: 'div', columns: { a: { index: 1 } } } } },
      'within and row belong into table'
    ]
  ])('%s is found at load time', (_, step, issue) => {
    expect(parseAction(adapter, { steps: [{ goto: '/' }, step] }).issues.join()).toContain(issue)
  })
})

describe('a label that is no label', () => {
  const filled = (id: string, label: string, more: JsonObject = {}) =>
    run([goto('/old'), { fill: { label, value: 'v', ...more } }, { extract: { value: { css: `#${id}` } } }])

  test.each([
    ['the cell before it', 'Invoice Date', 'd'],
    ['the cell before it, beyond an empty one', 'amount', 'a'],
    ['the text right before it', 'From', 'from'],
    ['the text between two fields', 'to', 'to'],
    ['the head of its column', 'Item', 'nothing'],
    ['the head of several columns', 'Price', 'pen'],
    ['the cell above', 'Street', 'street'],
    ['the text before a line break', 'Remarks', 'remarks'],
    ['a placeholder', 'Search', 'search']
  ])('%s', async (_, label, id) => {
    if (id === 'nothing')
      expect((await failure([goto('/old'), { fill: { label, value: 'v' } }])).message).toContain('nothing on the page fits')
    else expect(await filled(id, label)).toEqual({ value: 'v' })
  })

  test('of a box and of a list', async () => {
    const steps = [goto('/old'), { check: { label: 'I agree' } }, { select: { label: 'Kind', value: 'y' } }]
    expect(await run([...steps, { extract: { agree: { css: '#agree' }, kind: { label: 'Kind' } } }])).toEqual({ agree: 'true', kind: 'y' })
  })

  test('two of them are a mistake', async () => {
    const { message, targetSaid } = await failure([goto('/old'), { fill: { label: 'Twice', value: 'v' } }])
    expect(message).toContain('2 elements fit')
    expect(targetSaid).toMatch(/nth: 0 is input#t1 .* nth: 1 is input#t2/)
  })

  test('a part of the text is not enough, and a real label comes first', async () => {
    const { targetSaid } = await failure([goto('/old'), { fill: { label: 'Date', value: 'v' } }])
    expect(targetSaid).toContain('the fields are "Invoice Date"')
    const steps = [goto('/labelled'), { fill: { label: 'Amount', value: 'v' } }, { extract: { x: { css: '#x' }, y: { css: '#y' } } }]
    expect(await run(steps)).toEqual({ x: 'v', y: '' })
  })
})
