import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import { usualBrowser } from '../../adapters/playwright/browser.ts'
import { picture } from '../../adapters/playwright/picture/picture.ts'

/** Of one width in a font of one width: whoever can tell the two pictures apart can read a part of the value. */
const values = ['Ada Lovelace', 'Bob Marshals'] as const
const numbers = ['1815', '1906'] as const
const credentials = { username: 'teller1', password: 'Branch#2004' }

let browser: Browser
let page: Page
let server: Server
let url = ''
let body = ''

beforeAll(async () => {
  const executablePath = usualBrowser()
  browser = await chromium.launch({ ...(executablePath !== undefined && { executablePath }), chromiumSandbox: process.getuid?.() !== 0 })
  page = await browser.newPage({ viewport: { width: 480, height: 240 } })
  server = createServer((request, response) => {
    const inner = new URL(request.url ?? '/', 'http://site').searchParams.get('inner')
    response.setHeader('content-security-policy', "script-src 'unsafe-inline'").setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><style>*{font:16px/1.4 monospace}</style>${inner ?? body}`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

async function shots(html: string): Promise<{ readonly masked: Buffer; readonly plain: Buffer }> {
  body = html
  await page.goto(url)
  return { masked: await picture(page, { credentials, sensitive: [...values, ...numbers] }), plain: await page.screenshot() }
}

const reversed = (text: string) => [...text].reverse().join('')
const svg = (value: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="20">${value}</text></svg>`)}`
const drawn = (value: string) =>
  `<p>Customer ${value}</p><canvas id=c width=200 height=40></canvas><script>c.getContext('2d').fillText('${value}',5,20)</script>`
const shadow = (value: string, mode: string) =>
  `<div id=h></div><script>h.attachShadow({mode:'${mode}'}).innerHTML='<p>${value.slice(0, 4)}<b>${value.slice(4)}</b></p>'</script>`
const scattered = (value: string) =>
  [...value]
    .map((letter, at) => ({ letter, at }))
    .sort((a, b) => a.letter.localeCompare(b.letter) || a.at - b.at)
    .map(({ letter, at }) => `<i style="position:absolute;left:${at * 10}px;top:50px">${letter}</i>`)
    .join('')

const tricks: Readonly<Record<string, (value: string) => string>> = {
  'one text': value => `<p>Customer: ${value}.</p><p>Other text</p>`,
  'other case': value => `<p>${value.toUpperCase()}</p>`,
  'text-transform': value => `<p style="text-transform:uppercase">${value}</p>`,
  'text split over elements': value => `<p>${[...value].map(letter => `<span>${letter}</span>`).join('')}</p>`,
  'text split over blocks': value => `<div><div>${value.slice(0, 3)}</div><div>${value.slice(3, 8)}</div></div><p>${value.slice(8)}</p>`,
  'text broken over lines': value => `<p style="width:5ch;overflow-wrap:anywhere">${value}</p>`,
  'text in cells': value => `<table><tr>${[...value].map(letter => `<td>${letter}</td>`).join('')}</tr></table>`,
  'letters that stand in no order': scattered,
  'letters above each other': value => [...value].map(letter => `<div>${letter}</div>`).join(''),
  'letters with hidden ones between': value => [...value].map(letter => `${letter}<s style="opacity:0;font-size:4px">x</s>`).join(''),
  'content of a style sheet': value =>
    `<style>p::before{content:"${value.slice(0, 5)}" attr(title)}</style><p title="${value.slice(5)}"></p>`,
  'a first letter': value => `<style>p::first-letter{font-size:32px}</style><p>${value}</p>`,
  'a placeholder': value => `<input size=30 placeholder="Name ${value}">`,
  'a field': value => `<input size=30 value="${value}"><textarea>${value}</textarea>`,
  'a field for each letter': value => [...value].map(letter => `<input size=1 value="${letter}">`).join(''),
  'a button': value => `<input type=button value="${value}"><button>${value}</button>`,
  'a password': value => `<input type=password value="${value.replace(/l.*/i, '')}">`,
  'a drop-down list': value => `<select><option>Other<option selected>${value}</select><select size=3><option label="${value}">1</select>`,
  'a soft hyphen': value => `<p>${value.replace(/./g, '$&&shy;')}</p>`,
  'characters without width': value => `<p>${value.replace(/./g, '$&\u200b\u2060\u034f\ufe0f')}</p>`,
  'alternative text': value => `<img alt="${value}" src="/none.png" width=300 height=40>`,
  'an open shadow tree': value => shadow(value, 'open'),
  'a closed shadow tree': value => shadow(value, 'closed'),
  'right-to-left override': value => `<p>\u202e${reversed(value)}\u202c</p>`,
  'right-to-left override of a half': value => `<p>To ${value.slice(0, 4)}\u202e${reversed(value.slice(4))}\u202c.</p>`,
  'right-to-left override over elements': value =>
    `<p>To ${value.slice(0, 4)}\u202e<b>${reversed(value.slice(8))}</b><i>${reversed(value.slice(4, 8))}</i>\u202c.</p>`,
  bdo: value => `<p>${value.slice(0, 4)}<bdo dir=rtl>${reversed(value.slice(4))}</bdo></p>`,
  'a frame': value => `<iframe style="width:300px;height:60px;border:7px solid;padding:5px" srcdoc="<p>${value}</p>"></iframe>`,
  'a frame of another site': value =>
    `<iframe width=300 height=60 src="http://localhost:${url.split(':')[2]}?inner=${encodeURIComponent(value)}"></iframe>`,
  'a frame that is turned': value => `<iframe width=300 height=60 style="transform:rotate(180deg)" srcdoc="<p>${value}</p>"></iframe>`,
  'text that is turned': value => `<p style="transform:rotate(20deg) scale(1.5);width:200px;margin:80px">${value}</p>`,
  'text that is scrolled': value =>
    `<div style="overflow:auto;height:60px" id=s><p style="margin:200px 0">${value}</p></div><script>s.scrollTop=190</script>`,
  svg: value => `<svg width=300 height=40><text x=5 y=20>${value.slice(0, 6)}<tspan dy=4>${value.slice(6)}</tspan></text></svg>`,
  'a dialog above all': value => `<dialog id=d>${value}</dialog><script>d.showModal()</script>`,
  'a popover': value => `<div popover id=p>${value}</div><script>p.showPopover()</script>`,
  'a shadow of text': value => `<p style="color:transparent;text-shadow:150px 40px 0 #000">${value}</p>`,
  'a reflection': value => `<p style="-webkit-box-reflect:below 30px">${value}</p>`,
  'a counter': value => `<style>p{counter-set:a ${numbers[value === values[0] ? 0 : 1]}} p::after{content:counter(a)}</style><p></p>`,
  'a canvas': drawn,
  'a picture': value => `<p>${value}</p><img src="${svg(value)}">`,
  'a picture behind': value => `<p>${value}</p><div style="width:200px;height:40px;background:url('${svg(value)}')"></div>`,
  'a picture behind all': value => `<body style="background:url('${svg(value)}')"><p>${value}</p><p>More</p>`,
  'a picture behind, surely': value =>
    `<p>${value}</p><div style="width:200px;height:40px;background:url('${svg(value)}')!important"></div>`,
  'a picture as content': value => `<style>b::after{content:url("${svg(value)}")}</style><p>${value}</p><b></b>`
}

describe('nobody can read a marked value in', () => {
  test.each(Object.entries(tricks))('%s', async (name, html) => {
    const one = await shots(html(values[0]))
    const other = await shots(html(values[1]))
    expect(one.masked.equals(other.masked)).toBe(true)
    // The trick works: where nothing is masked, the two can be told apart.
    if (name !== 'a password') expect(one.plain.equals(other.plain)).toBe(false)
  })
})

const wholePage = (html: string, sensitive: readonly string[]) => {
  body = html
  return page.goto(url).then(() => picture(page, { credentials, sensitive }))
}

test('a picture is covered whole when the run has marked values, or the page shows a credential; else it is not', async () => {
  const [one, other] = values.map(
    value => `<canvas id=c width=200 height=40></canvas><script>c.getContext('2d').fillText('${value}',5,20)</script>`
  )
  expect((await wholePage(`${one}`, ['hidden'])).equals(await wholePage(`${other}`, ['hidden']))).toBe(true)
  expect((await wholePage(`${one}<p>TELLER1`, [])).equals(await wholePage(`${other}<p>TELLER1`, []))).toBe(true)
  expect((await wholePage(`${one}`, [])).equals(await wholePage(`${other}`, []))).toBe(false)
})

test('a value of one letter, and half a value, hide nothing', async () => {
  const html = '<p>5 of 15, 55 and 5.50</p><p>Ada Byron</p>'
  expect((await wholePage(html, ['5', values[0]])).equals(await wholePage(html, []))).toBe(true)
})

test('there is no picture of a page that does not stand still, and none is half painted', async () => {
  body = `<p id=p>${values[0]}</p><script>setInterval(() => { p.style.marginLeft = Math.random() * 90 + 'px' }, 1)</script>`
  await page.goto(url)
  await expect(picture(page, { credentials, sensitive: values })).rejects.toThrow('does not stand still')
})

test('the page is left as it was, and an element larger than the window is seen whole', async () => {
  body = `<body style="background:url('${svg('x')}')"><div id=d style="height:600px;width:300px">${values[0]}</div><script>
    new MutationObserver(() => { document.title = 'changed' }).observe(document, { subtree: true, attributes: true, childList: true })</script>`
  await page.goto(url)
  const png = await picture(page, { credentials, sensitive: values }, page.locator('#d'))
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([300, 600])
  expect(page.viewportSize()).toEqual({ width: 480, height: 240 })
  expect(
    await page.evaluate(() => [document.title, document.getAnimations().length, getComputedStyle(document.body).backgroundImage])
  ).toEqual(['', 0, expect.stringContaining('svg')])
})
