/** Steps that hold steps, and the one that prepares an answer: if, forEach, frame, dialog. */
import type { Frame } from 'playwright-core'
import { isTrue, type Json } from '../../../src/index.ts'
import { cssString } from '../encode-css.ts'
import { compilePlace, hasPlace, template } from '../locator.ts'
import { type Stage, scopeOf } from '../plan.ts'
import { runSteps } from '../run-steps.ts'
import { type Kind, text } from './kind.ts'

export const branch: Kind<'if'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const place = hasPlace(body) ? compilePlace(body, path, compiler.issue) : undefined
    const that = body.that === undefined ? undefined : template(body.that, [...path, 'that'], compiler.issue)
    if (place === undefined && that === undefined) compiler.issue(path, 'has no condition: write a locator, or that with an expression')
    const [yes, no] = [compiler.steps(body.steps, [...path, 'steps']), compiler.steps(body.else, [...path, 'else'])]
    const holds = async (stage: Stage) =>
      (that === undefined || (await isTrue(that, scopeOf(stage)))) &&
      (place === undefined || (await (await place.find(stage)).first().isVisible()))
    return { place, about: place?.text ?? body.that ?? '', run: async stage => runSteps((await holds(stage)) ? yes : no, stage) }
  }
}

export const forEach: Kind<'forEach'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const list = template(body.in, [...path, 'in'], compiler.issue)
    const steps = compiler.steps(body.steps, [...path, 'steps'])
    return {
      place: undefined,
      about: body.in,
      run: async stage => {
        const found = (await list(scopeOf(stage))) ?? []
        const items: readonly Json[] = Array.isArray(found) ? found : [found]
        const collected: Record<string, Json[]> = {}
        for (const [index, item] of items.entries()) {
          const extracted: Record<string, Json> = {}
          const locals = { ...stage.locals, ...stage.extracted, [body.as ?? 'item']: item, index }
          await runSteps(steps, { ...stage, locals, extracted })
          for (const [name, value] of Object.entries(extracted)) collected[name] = [...(collected[name] ?? []), value]
        }
        Object.assign(stage.extracted, collected)
      }
    }
  }
}

export const frame: Kind<'frame'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const { steps: inner, ...where } = body
    const named = body.name !== undefined && body.role === undefined && typeof body.name === 'string'
    const name = named ? text(body.name as string, [...path, 'name'], compiler) : undefined
    const place = named ? undefined : compilePlace(where, path, compiler.issue)
    const steps = compiler.steps(inner, [...path, 'steps'])
    return {
      place,
      about: named ? String(body.name) : (place?.text ?? ''),
      run: async (stage, timeout) => {
        const until = Date.now() + timeout
        const called = await name?.(stage)
        const locator = called === undefined ? await place?.find(stage) : stage.frame.locator(`css=[name="${cssString(called)}"]`)
        const known = called === undefined ? undefined : await arriving(stage, called, Math.min(timeout, arrivalMs))
        const found = known ?? (await (await locator?.elementHandle({ timeout: Math.max(1, until - Date.now()) }))?.contentFrame())
        if (found == null) throw new Error('frame: the element is no frame')
        await runSteps(steps, { ...stage, frame: found })
      }
    }
  }
}

/** A frame has its name when its document comes; one without a document is found by its element. */
const arrivalMs = 1_000

/** The frame of that name, once its document is there: the browser tells, so that nothing has to be asked. */
async function arriving({ frame, page }: Stage, name: string, timeout: number): Promise<Frame | undefined> {
  const find = () => frame.childFrames().find(child => child.name() === name && !child.isDetached())
  return find() ?? page.waitForEvent('framenavigated', { predicate: () => find() !== undefined, timeout }).then(find, find)
}

export const dialog: Kind<'dialog'> = {
  acts: false,
  compile: (body, path, compiler) => {
    const value = body.value === undefined ? undefined : text(body.value, [...path, 'value'], compiler)
    return {
      place: undefined,
      about: body.answer ?? 'accept',
      run: async stage => stage.tab.expectDialog({ accept: body.answer !== 'dismiss', message: body.message, value: await value?.(stage) })
    }
  }
}
