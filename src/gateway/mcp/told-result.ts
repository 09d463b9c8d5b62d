/** The output of a run as the result of a tool: whole where it has room, else its head, its counts, how to go on, and a link to all of it. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import { RetrofitError } from '../../core/errors.ts'
import { isObject } from '../../core/schema-at.ts'
import type { Action, Json, JsonObject, Run } from '../../core/types.ts'
import { hasAtMost, loadTokenCounter } from '../../surface/count-tokens.ts'
import { unboxed } from '../../surface/for-models.ts'
import { modelSchema } from '../../surface/model-schema.ts'
import { type Readable, readable } from '../../surface/readable.ts'
import { selectFields } from '../../surface/select-fields.ts'
import { shortText } from '../../surface/short-text.ts'
import { cursorText, parseCursor } from '../cursor.ts'
import { cutOf, cutText, type Guide, type Wanted } from '../presented.ts'
import type { Page } from '../take-page.ts'
import { outputUri } from './resources.ts'

export interface Telling {
  readonly page: Page
  readonly wanted: Wanted
  /** Tokens of the whole result; 0: no limit. */
  readonly budget: number
  /** The tool has an output schema: then the client wants an object in any case. */
  readonly promised: boolean
}

/** Throws what is wrong with the page, in the words of arguments: before anything is done. */
export function wantedOf({ output }: Pick<Action, 'output'>, { fields, limit, cursor }: Page): Wanted {
  try {
    return {
      schema: output,
      select: fields === undefined ? all => all : selectFields(output, fields),
      limit,
      cursor: cursor === undefined ? undefined : parseCursor(cursor, '/cursor')
    }
  } catch (error) {
    throw error instanceof RetrofitError ? inArguments(error) : error
  }
}

const inArguments = ({ code, message, errors = [], hint }: RetrofitError): RetrofitError =>
  new RetrofitError(code, {
    detail: message.replaceAll('/query/', '/'),
    errors: errors.map(({ pointer, message: said }) => ({ pointer: pointer.replace(/^\/query/, ''), message: said })),
    hint
  })

export interface ToldResult {
  readonly text: string
  readonly structured: Pick<CallToolResult, 'structuredContent'>
  readonly links: CallToolResult['content']
}

export async function toldResult(run: Run, { page, wanted, budget, promised }: Telling): Promise<ToldResult> {
  const count = await loadTokenCounter()
  const read = readable(wanted.select(run.output ?? null), wanted.schema)
  const isWhole = Object.values(page).every(value => value === undefined)
  const whole = isWhole ? wholeOf(read, fits => budget === 0 || hasAtMost(fits, budget, count)) : undefined
  if (whole !== undefined) {
    const takesObject = modelSchema(wanted.schema).type === 'object' && isObject(whole)
    return { text: shortText(read, { count }), structured: takesObject ? { structuredContent: whole } : {}, links: [] }
  }
  const guide = guideOf(run, page)
  const room = budget === 0 ? 0 : Math.max(budget * 0.6, budget - ofNotes - count(guide.rest) * 2) / (promised ? 2 : 1)
  const made = cut(read, { wanted, room, count })
  const next = made.next === undefined ? guide.rest : guide.more(cursorText(made.next))
  const part = { runId: run.id, status: 'completed', next, part: unboxed(made.readable), cut: made.parts.map(part => ({ ...part })) }
  const isCut = made.parts.length > 0 || made.shortened
  return {
    text: cutText(made, { count, guide }),
    structured: promised ? { structuredContent: part as unknown as JsonObject } : {},
    links: isCut ? [linkTo(run)] : []
  }
}

const ofNotes = 400

function cut(read: Readable, { wanted, room, count }: { wanted: Wanted; room: number; count: (text: string) => number }) {
  try {
    return cutOf(read, wanted, { budget: room, count })
  } catch (error) {
    throw error instanceof RetrofitError ? inArguments(error) : error
  }
}

/** Undefined: too long. */
function wholeOf(read: Readable, fits: (text: string) => boolean): Json | undefined {
  const value = unboxed(read)
  return fits(JSON.stringify(value)) ? value : undefined
}

function guideOf({ id }: Run, { fields, limit }: Page): Guide {
  const same = { run_id: id, ...(fields === undefined ? {} : { fields }), ...(limit === undefined ? {} : { limit }) }
  return {
    more: cursor => `Call get_run with ${JSON.stringify({ ...same, cursor })} for what follows; do not call the action again.`,
    rest: `Or get_run with "fields" (names in the output, with commas) or "limit" (items of a list) for less. All of it: ${outputUri(id)}`
  }
}

const linkTo = ({ id, action }: Run): CallToolResult['content'][number] => ({
  type: 'resource_link',
  uri: outputUri(id),
  name: 'output',
  title: `All that ${action} answered`,
  mimeType: 'application/json'
})
