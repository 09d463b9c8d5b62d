/** What a caller sends stays in its place: in an address, in a selector, in the name of a file. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { type CallOptions, callOf, type Output, parseAction } from './playwright/harness.ts'
import { impossibleTexts, oddTexts } from './playwright/odd-texts.ts'
import { type Page, type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
const paid: string[] = []
/** As they came: nothing is normalised. */
const asked: string[] = []
let site: Site
let outside: Site

/** The browser makes the elements, so that nothing has to be escaped for HTML. */
const made = (make: string) =>
  `<body><script>for (const [n, text] of ${JSON.stringify(oddTexts).replaceAll('<', '\\u003c')}.entries()) { ${make} }</script>`
const oddPage = made(`const button = document.body.appendChild(document.createElement('button'))
  for (const name of ['id', 'class', 'data-id', 'data-testid', 'aria-label']) button.setAttribute(name, text)
  button.dataset.row = 'row-' + text
  button.dataset.n = n`)
const labelsPage = made(`if (text.length > 1000) continue
  const label = document.body.appendChild(document.createElement('p')).appendChild(document.createElement('label'))
  label.textContent = text
  const field = label.appendChild(document.createElement('input'))
  field.placeholder = text
  field.dataset.n = label.dataset.n = n`)

const rows = [1, 2]
  .map(
    id =>
      `<tr><td>${id}</td><td><form method=post action=/pay><input type=hidden name=id value=${id}><button data-id="${id}">Pay</button></form></td></tr>`
  )
  .join('')

beforeAll(async () => {
  const known: Record<string, Page> = {
    '/odd': oddPage,
    '/labels': labelsPage,
    '/options': "<select><option value=1>One<option value=2>Two<option value='a\"b'>Odd</select>",
    '/rows': `<table>${rows}</table>`,
    '/file': '<input><input type=file aria-label=File onchange="out.textContent=f.files[0].name" id=f><p id=out></p>',
    '/pay': (_, __, body) => {
      paid.push(body)
      return '<p>Paid</p>'
    }
  }
  const note: Page = ({ url = '' }) => {
    asked.push(url)
    return '<p>Any</p>'
  }
  site = await startSite(new Proxy({}, { get: (_, path) => known[String(path)] ?? note }))
  outside = await startSite({ '/': 'outside' })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
  await outside.close()
})

async function run(steps: readonly JsonObject[], input: JsonObject, more: JsonObject = {}, options: Partial<CallOptions> = {}) {
  const parsed = parseAction(adapter, { steps, ...more }, { timeout: '20s' })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url, input, ...options })
  return { output: (await adapter.run(call)) as Output, call }
}
const refused = { code: 'invalid_input', status: 422, retryable: false, effect: 'none' }

describe('the two attacks', () => {
  const pay = (timeout: string) => [
    { goto: '/rows' },
    { click: { css: "button[data-id='{{ input.id }}']" }, commit: { request: 'POST /pay' }, timeout }
  ]

  test('a quote in the input does not pay another row', async () => {
    const attacks = ["9'], button[data-id='2", "9'],button,[x='", '9"], button', "2'] >> nth=0 >> xpath=//button[@data-id='2"]
    for (const id of attacks)
      await expect(run(pay('300ms'), { id }, { effect: 'irreversible' })).rejects.toMatchObject({ code: 'target_failed', effect: 'none' })
    expect(paid).toEqual([])
    await run(pay('3s'), { id: '2' }, { effect: 'irreversible' })
    expect(paid).toEqual(['id=2'])
  })

  test('a read does not leave its path', async () => {
    const open = [{ goto: '/customers/{{ input.id }}' }]
    for (const id of ['../../admin', '%2e%2e', '\\..\\', '..', '..;/admin']) await expect(run(open, { id })).rejects.toMatchObject(refused)
    expect(asked).toEqual([])
    await run(open, { id: '?x#' })
    await run(open, { id: 'a/b\\c\n' })
    await run([{ goto: '/customers?id={{ input.id }}&own=1' }], { id: '1&own=2#' })
    expect(asked).toEqual(['/customers/%3Fx%23', '/customers/a%2Fb%5Cc%0A', '/customers?id=1%26own%3D2%23&own=1'])
  })

  test('an address that is an expression keeps the origin', async () => {
    for (const v of [`${outside.url}/`, outside.url.replace('http:', ''), outside.url.replace('//', '\\\\'), 'javascript:alert(1)'])
      await expect(run([{ goto: '{{ input.v }}' }], { v })).rejects.toMatchObject(refused)
    expect(outside.requests).toEqual([])
    await run([{ goto: '{{ input.v }}' }], { v: `${outside.url}/` }, {}, { egress: [site.url, outside.url] })
    expect(outside.requests).toEqual(['GET /'])
  })

  test('an address that is waited for takes no * from an input', async () => {
    const wait = (url: string, timeout = '20s') => [{ goto: '/orders/a%20(b)*' }, { waitFor: { url }, timeout }]
    await run(wait('/orders/{{ input.id }}'), { id: 'a (b)*' })
    await run(wait('/orders/*'), {})
    for (const id of ['*', 'a*'])
      await expect(run(wait('/orders/{{ input.id }}', '300ms'), { id })).rejects.toMatchObject({ code: 'target_failed' })
  })

  test('a refusal names the step and the expression, never the value, and comes before the commit point', async () => {
    const pay = {
      effect: 'write',
      steps: [{ goto: '/rows' }, { name: 'Pay it', click: { css: '#{{ input.v }}' }, commit: { via: 'any' } }]
    }
    const call = callOf(parseAction(adapter, pay).steps, { url: site.url, input: { v: 'secret-4711\0' } })
    await expect(adapter.run(call)).rejects.toMatchObject({
      ...refused,
      message: 'step "Pay it": {{ input.v }} holds the character U+0000'
    })
    expect(call.seen.commits).toBe(0)
  })
})

describe('a locator finds the one element that has the text, whatever it is', () => {
  type Where = (hole: string) => JsonObject
  /** One extract for all of them: `v3` is what was found for the fourth. */
  const all = (page: string, where: Where, isFit: (text: string) => boolean) => {
    const fields = oddTexts.flatMap((text, index) =>
      isFit(text) ? [[`v${index}`, { list: where(`{{ input.values[${index}] }}`), attribute: 'data-n' }] as const] : []
    )
    const expected = Object.fromEntries(fields.map(([name]) => [name, [name.slice(1)]]))
    return { steps: [{ goto: page }, { extract: Object.fromEntries(fields) }], expected }
  }
  const finds = async (page: string, where: Where, isFit: (text: string) => boolean = () => true) => {
    const { steps, expected } = all(page, where, isFit)
    expect((await run(steps, { values: oddTexts })).output).toEqual(expected)
  }
  /** A role beside it: now Playwright looks, with its own reading of selectors. */
  const byPlaywright =
    (where: Where): Where =>
    hole => ({ any: [where(hole), { role: 'math' }] })

  test.each<[string, Where, RegExp, boolean]>([
    ['css in quotes', v => ({ css: `button[data-id='${v}']` }), /^$/, true],
    ['css in double quotes', v => ({ css: `body > button[data-id="${v}"]` }), /^$/, false],
    ['css, a part of a string', v => ({ css: `button[data-row='row-${v}']` }), /^$/, false],
    ['css, the bare value of an attribute', v => ({ css: `button[data-id=${v}]` }), /^$/, true],
    ['css, a bare value that goes on', v => ({ css: `button[data-row=row-${v}]` }), /^$/, false],
    // Playwright writes the name - without its escape, so nothing is found.
    ['css, an id', v => ({ css: `button#${v}` }), /^-$/, true],
    ['css, a class', v => ({ css: `button.${v}` }), /^[-\\]$|[ \t\r\n]/, true],
    ['xpath in quotes', v => ({ xpath: `//button[@data-id='${v}']` }), /^$/, true],
    ['xpath in double quotes', v => ({ xpath: `//button[@data-id="${v}"]` }), /^$/, false],
    ['xpath, a part of a string', v => ({ xpath: `//button[@data-row = "row-${v}"]` }), /^$/, false],
    ['xpath, bare', v => ({ xpath: `//button[@data-id=${v} and true()]` }), /^$/, false],
    ['testId', v => ({ testId: v }), /^$/, true]
  ])('%s', async (_, where, unfit, twice) => {
    const isFit = (text: string) => !unfit.test(text)
    await finds('/odd', where, isFit)
    if (twice) await finds('/odd', byPlaywright(where), isFit)
  })

  test.each<[string, string, Where]>([
    ['role and name', '/odd', v => ({ role: 'button', name: v, exact: true })],
    ['label', '/labels', v => ({ label: v, exact: true })],
    ['placeholder', '/labels', v => ({ placeholder: v, exact: true })],
    ['text', '/labels', byPlaywright(v => ({ text: v, exact: true }))],
    ['text, in the page', '/labels', v => ({ text: v, exact: true })]
  ])('%s', async (_, page, where) => {
    await finds(page, where, text => text.length < 1_000 && !/[\r\n]/.test(text))
  })

  test('a text of nothing, or one that no page can hold, is refused', async () => {
    const places: readonly JsonObject[] = [
      { text: '{{ v }}' },
      { label: ['x', '{{ v }}'] },
      { role: 'button', name: '{{ v }}' },
      { placeholder: 'a{{ v }}' },
      { testId: '{{ v }}' }
    ]
    const steps = places.map(where => ({ if: { that: `{{ input.at = ${places.indexOf(where)} }}`, steps: [{ click: where }] } }))
    const bad = [...impossibleTexts.slice(0, 1), ...impossibleTexts.slice(2, 3)]
    for (const at of places.keys())
      for (const v of at === 3 ? bad : [...bad, '', ' \u200b\u00ad'])
        await expect(run([{ goto: '/rows' }, { forEach: { in: '{{ [input.v] }}', as: 'v', steps } }], { at, v })).rejects.toMatchObject(
          refused
        )
  })

  test('fields and files take it as it is', async () => {
    const each = (as: string, ...steps: JsonObject[]) => ({ forEach: { in: `{{ input.${as} }}`, as: 'v', steps } })
    const field = { css: 'input', nth: 0 }
    const lines = oddTexts.filter(text => !/[\r\n]/.test(text))
    const filled = await run([{ goto: '/file' }, each('lines', { fill: { ...field, value: '{{ v }}' } }, { extract: { now: field } })], {
      lines
    })
    expect(filled.output.now).toEqual(lines.map(text => text.replace(/\s+/g, ' ').trim()))
    const names = ['../../etc/passwd', '..\\evil.exe', 'a\r\nContent-Type: x', '\u202egpj.exe', '.htaccess', 'a\0b', '"; x="', '']
    const upload = { upload: { label: 'File', value: 'aGk=', file: '{{ v }}' } }
    const files = await run([{ goto: '/file' }, each('names', upload, { extract: { name: { css: '#out' } } })], { names })
    for (const name of files.output.name as readonly string[]) expect(name).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/)
  })

  test('an option is chosen by its whole value or label', async () => {
    const choose = (value: string, timeout: string) =>
      run(
        [
          { goto: '/options' },
          { select: { css: 'select', value: '{{ input.v }}' }, timeout },
          { extract: { chosen: { css: 'select', attribute: 'value' } } }
        ],
        { v: value }
      )
    for (const v of ["2'], option[value='1", '*', 'text=One', ''])
      await expect(choose(v, '300ms')).rejects.toMatchObject({ code: 'target_failed' })
    await choose('a"b', '20s')
  })
})
