/** Steps that do something to the page: goto, fill, click, dblclick, hover, select, check, press. */
import type { ElementHandle, Locator } from 'playwright-core'
import { isTrue, type Json, type Scope } from '../../../src/index.ts'
import { compileAddress } from '../encode-address.ts'
import { within } from '../failure.ts'
import { type Focused, focusedOn, isTyping } from '../filled/typed.ts'
import { compilePlace, hasPlace, orIssue, template } from '../locator.ts'
import { type Place, type Stage, type Step, scopeOf } from '../plan.ts'
import { runSteps } from '../run-steps.ts'
import { Tab } from '../tab.ts'
import { type Kind, onElement, text } from './kind.ts'
import { noted, noting } from './noting.ts'

type Act = (locator: Locator, timeout: number) => Promise<unknown>
const acting = (place: Place, act: Act, trial?: Act) => ({
  run: async (stage: Stage, timeout: number) => void (await act(await place.find(stage), timeout)),
  ...(trial && { rehearse: async (stage: Stage, timeout: number) => void (await trial(await place.find(stage), timeout)) })
})

type Address = ReturnType<typeof compileAddress>

/** A credential in an address goes where the address leads, whatever page is open. */
async function addressAt(address: Address, stage: Stage): Promise<URL> {
  const { call } = stage
  const at = (credentials: Scope['credentials']) => address({ ...scopeOf(stage), credentials }, call.target)
  const url = await at(call.credentialsAt(call.credentialOrigins[0]))
  return call.credentialOrigins.includes(url.origin) ? url : at(call.credentialsAt(undefined))
}

export const goto: Kind<'goto'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const address = orIssue(() => compileAddress(body), { path, issue: compiler.issue, fallback: async (_, { url }) => new URL(url) })
    const addressOf = (stage: Stage) => addressAt(address, stage)
    return {
      about: body,
      rehearse: async stage => void (await addressOf(stage)),
      run: async (stage, timeout) => {
        const { tab, call } = stage
        const url = await addressOf(stage)
        if (!/^https?:$/.test(url.protocol)) throw new Error(`goto: only http and https addresses can be opened, not ${url.protocol}`)
        await call.exchange('navigate', { 'url.path': url.pathname, 'server.address': url.host }, async () => {
          await tab.goto(url.href, { waitUntil: 'domcontentloaded', timeout })
        })
      }
    }
  }
}

export const fill: Kind<'fill'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const value = text(body.value, [...path, 'value'], compiler)
    const write = noting('fill', body, compiler)
    return onElement(body, path, compiler, place => ({
      run: async (stage, timeout) => {
        const written = await value(stage)
        await write(stage, place, { values: [written], timeout, act: (locator, left) => locator.fill(written, { timeout: left }) })
      }
    }))
  }
}

export const click: Kind<'click'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const popup = body.popup === undefined ? undefined : compiler.steps(body.popup, [...path, 'popup'])
    return onElement(body, path, compiler, place => {
      const plain = acting(
        place,
        (locator, timeout) => locator.click({ timeout }),
        (locator, timeout) => locator.click({ trial: true, timeout })
      )
      const press = async (stage: Stage, timeout: number) => {
        if (body.dialog !== undefined) stage.tab.expectDialog({ accept: body.dialog === 'accept' })
        await plain.run(stage, timeout)
      }
      return { ...plain, run: popup === undefined ? press : (stage, timeout) => inPopup(stage, { popup, timeout, open: press }) }
    })
  }
}

interface Popup {
  readonly popup: readonly Step[]
  readonly timeout: number
  open(stage: Stage, timeout: number): Promise<void>
}

async function inPopup(stage: Stage, { popup: steps, timeout, open }: Popup): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<import('playwright-core').Page>()
  stage.tab.expectPopup = resolve
  try {
    await open(stage, timeout)
    // Its time begins here: the target may take long to answer a click that commits.
    const page = await within(promise, timeout).catch(() => {
      throw new Error('no window opened')
    })
    const tab = new Tab(page, stage.tab.destroy, stage.tab)
    try {
      tab.begin(() => stage.call.committed)
      await runSteps(steps, { ...stage, tab, page, frame: page.mainFrame() })
    } finally {
      const close = () => page.close()
      await (tab.closeGate === undefined ? close() : tab.closeGate(close))
    }
  } finally {
    stage.tab.expectPopup = undefined
  }
}

export const dblclick: Kind<'dblclick'> = {
  acts: true,
  compile: (body, path, compiler) =>
    onElement(body, path, compiler, place =>
      acting(
        place,
        (locator, timeout) => locator.dblclick({ timeout }),
        (locator, timeout) => locator.dblclick({ trial: true, timeout })
      )
    )
}

export const hover: Kind<'hover'> = {
  acts: true,
  compile: (body, path, compiler) =>
    onElement(body, path, compiler, place => acting(place, (locator, timeout) => locator.hover({ timeout })))
}

export const select: Kind<'select'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const value = template(body.value as Json, [...path, 'value'], compiler.issue)
    const write = noting('select', body, compiler)
    return onElement(body, path, compiler, place => ({
      run: async (stage, timeout) => {
        const chosen = await value(scopeOf(stage))
        const options = (Array.isArray(chosen) ? chosen : [chosen ?? '']).map(String)
        await write(stage, place, { values: options, timeout, act: (locator, left) => locator.selectOption(options, { timeout: left }) })
      }
    }))
  }
}

export const check: Kind<'check'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const wanted = template(body.value ?? true, [...path, 'value'], compiler.issue)
    const write = noting('check', body, compiler)
    return onElement(body, path, compiler, place => ({
      rehearse: async (stage, timeout) => (await place.find(stage)).check({ trial: true, timeout }),
      run: async (stage, timeout) => {
        const isTicked = await isTrue(wanted, scopeOf(stage))
        await write(stage, place, { isTicked, timeout, act: (locator, left) => locator.setChecked(isTicked, { timeout: left }) })
      }
    }))
  }
}

/** Keys that write nothing into a field. */
const leavesText = /^(Shift\+)?(Enter|Tab|Escape|F\d+)$/

/** The caret is where the page puts it as the field gets the focus. */
async function focusedBy({ page, frame }: Stage, locator: Locator | undefined, timeout: number): Promise<Focused | undefined> {
  if (locator === undefined) return within(focusedOn(page), focusMs).catch(() => undefined)
  const until = Date.now() + timeout
  await locator.focus({ timeout })
  const handle = (await locator.elementHandle({ timeout: Math.max(1, until - Date.now()) })) as ElementHandle<Element>
  return { handle, frame }
}

const focusMs = 1_000

export const press: Kind<'press'> = {
  acts: true,
  compile: (body, path, compiler) => {
    const place = hasPlace(body) ? compilePlace(body, path, compiler.issue) : undefined
    const { key } = body
    const types = isTyping(key)
    const typing = { ...noted(body, compiler), text: place?.text ?? `key ${key}` }
    const run = async (stage: Stage, timeout: number) => {
      const { tab, page, call } = stage
      const locator = await place?.find(stage)
      const act = async () => (locator === undefined ? page.keyboard.press(key) : locator.press(key, { timeout }))
      if (leavesText.test(key)) return act()
      if (types && !tab.committing) {
        const focused = await focusedBy(stage, locator, timeout)
        return tab.filled.typed(typing, { key, locator, focused, act, redact: call.redact })
      }
      tab.filled.forget(place?.text)
      await act()
    }
    return { place, about: `${key}${place === undefined ? '' : ` ${place.text}`}`, run, types }
  }
}
