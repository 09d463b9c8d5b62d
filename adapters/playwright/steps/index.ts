/** Every kind of step, by its name in a manifest. */
import { check, click, dblclick, fill, goto, hover, press, select } from './act.ts'
import { download, screenshot, upload } from './files.ts'
import { branch, dialog, forEach, frame } from './flow.ts'
import type { Kind } from './kind.ts'
import { expect, extract, waitFor } from './look.ts'

export const kinds = {
  goto,
  fill,
  click,
  dblclick,
  select,
  check,
  press,
  hover,
  waitFor,
  expect,
  extract,
  dialog,
  frame,
  upload,
  download,
  screenshot,
  if: branch,
  forEach
} as const

export type KindName = keyof typeof kinds
export const kindNames = Object.keys(kinds) as readonly KindName[]
/** The body's type goes with the name; whoever looks a kind up by a name has checked the body by the shape. */
export const kindOf = (name: KindName): Kind<never> => kinds[name] as unknown as Kind<never>
