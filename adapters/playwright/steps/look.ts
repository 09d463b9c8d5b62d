/** Steps that only look: waitFor, expect, extract. */
import { isTrue, type Json, RetrofitError, renderText } from '../../../src/index.ts'
import { canonical, compileHoles } from '../encode-address.ts'
import { compileExtract } from '../extract.ts'
import { about } from '../failure.ts'
import { compileGlob } from '../glob.ts'
import { compilePlace, hasPlace, orIssue, template } from '../locator.ts'
import { type Place, type Stage, scopeOf } from '../plan.ts'
import type { Kind } from './kind.ts'

export const waitFor: Kind<'waitFor'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const { url: pattern, state } = body
    const url =
      pattern === undefined
        ? undefined
        : orIssue(() => compileHoles(pattern), { path: [...path, 'url'], issue: compiler.issue, fallback: async () => pattern })
    const place = hasPlace(body) || url === undefined ? compilePlace(body, path, compiler.issue) : undefined
    return {
      place,
      about: place?.text ?? pattern ?? '',
      run: async (stage, timeout) => {
        if (url !== undefined) {
          const fitsGlob = compileGlob(canonical(await url(scopeOf(stage)), true))
          const fits = (address: string) => fitsGlob(canonical(address))
          await stage.page.waitForURL(({ href, pathname, search }) => fits(href) || fits(pathname + search) || fits(pathname), {
            timeout,
            waitUntil: 'domcontentloaded'
          })
        }
        if (place !== undefined) await (await place.find(stage)).waitFor({ state: state ?? 'visible', timeout })
      }
    }
  }
}

export const expect: Kind<'expect'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const place = hasPlace(body) ? compilePlace(body, path, compiler.issue) : undefined
    const that = body.that === undefined ? undefined : template(body.that, [...path, 'that'], compiler.issue)
    const value = body.value === undefined ? undefined : template(body.value, [...path, 'value'], compiler.issue)
    if (place === undefined && that === undefined) compiler.issue(path, 'expects nothing: write a locator, or that with an expression')
    if (value !== undefined && place === undefined) compiler.issue([...path, 'value'], 'value needs a locator beside it')
    return {
      place,
      about: place?.text ?? body.that ?? '',
      run: async (stage, timeout) => {
        const wrong = (detail: string) => new RetrofitError('target_failed', { detail: body.message ?? detail })
        if (that !== undefined && !(await isTrue(that, scopeOf(stage)))) throw wrong(`expected ${body.that}`)
        if (place === undefined) return
        const shown = value === undefined ? undefined : await renderText(value, scopeOf(stage))
        const found = await isShown(place, stage, { shown, timeout })
        if (found === undefined) return
        const failure = wrong(`expected ${place.text}${shown === undefined ? '' : ` to be "${shown}"`}, ${found}`)
        throw found === notThere && body.message === undefined ? about(place, failure) : failure
      }
    }
  }
}

const notThere = 'it is not there'

async function isShown(place: Place, stage: Stage, wanted: { shown: string | undefined; timeout: number }): Promise<string | undefined> {
  const until = Date.now() + wanted.timeout
  const locator = await place.find(stage)
  try {
    await locator.waitFor({ state: 'visible', timeout: wanted.timeout })
  } catch {
    return notThere
  }
  for (;;) {
    const now = await locator.evaluate(element =>
      ('value' in element ? String(element.value) : (element.textContent ?? '')).replace(/\s+/g, ' ').trim()
    )
    if (wanted.shown === undefined || now === wanted.shown) return undefined
    if (Date.now() > until) return `it is "${now.slice(0, 100)}"`
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

export const extract: Kind<'extract'> = {
  acts: false,
  inspects: true,
  compile: (body, path, compiler) => {
    const read = compileExtract(body, path, compiler)
    const keep = (stage: Stage, values: Readonly<Record<string, Json>>) => void Object.assign(stage.extracted, values)
    return { place: undefined, about: Object.keys(body).join(', '), run: async (stage, timeout) => keep(stage, await read(stage, timeout)) }
  }
}
