/** Where a cut answer goes on: the place of each of its sequences, and on surfaces that name no run, the run before them. */
import { RetrofitError } from '../core/errors.ts'

export interface Cursor {
  readonly runId?: string | undefined
  readonly offsets: readonly number[]
}

const form = /^(?:(run_[0-9a-z]{21})\.)?(\d{1,9}(?:\.\d{1,9}){0,63})$/

export const cursorText = (offsets: readonly number[], runId?: string): string =>
  [...(runId === undefined ? [] : [runId]), ...offsets].join('.')

export const namesRun = (cursor: string): boolean => form.exec(cursor)?.[1] !== undefined

/** `pointer`: where the caller wrote it. */
export function parseCursor(text: string, pointer: string): Cursor {
  const [, runId, offsets = ''] = form.exec(text) ?? []
  if (offsets === '') throw badCursor(pointer, 'is none that an answer gave')
  return { runId, offsets: offsets.split('.').map(Number) }
}

export const badCursor = (pointer: string, message: string): RetrofitError =>
  new RetrofitError('invalid_request', {
    detail: `${pointer} ${message}`,
    errors: [{ pointer, message }],
    hint: 'Take the cursor from the answer before, with the same fields, or ask from the beginning without one.'
  })
