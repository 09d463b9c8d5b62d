/** A template that becomes the output, against the output's schema: members that it must give, and members that the schema does not have. */
import { declaredIn, forbids, type Known, memberOf, requiredIn } from '../core/names.ts'
import type { Json } from '../core/types.ts'
import { suggestion } from './did-you-mean.ts'
import { keyError, keyWarning, type Path, type Report } from './issue.ts'
import { isObject } from './schema-walk.ts'

export interface Given {
  /** As it is written. */
  readonly value: Json | undefined
  readonly known: Known
  readonly path: Path
  readonly report: Report
}

/** What an expression gives is not known here; what is written out is. */
export function checkGiven({ value, known, path, report }: Given): void {
  if (!isObject(value)) return
  const given = Object.keys(value)
  const declared = declaredIn(known)
  const unknown = given.filter(name => forbids(known, name))
  const missing = requiredIn(known).filter(name => !given.includes(name))
  for (const name of unknown)
    report(
      keyError(
        [...path, name],
        `the output's schema has no ${JSON.stringify(name)}; ${suggestion(name, missing.length > 0 ? missing : declared)}`
      )
    )
  for (const name of declared.length === 0 ? [] : given.filter(each => !unknown.includes(each) && !declared.includes(each)))
    report(keyWarning([...path, name], `the output's schema does not declare ${JSON.stringify(name)}; ${suggestion(name, declared)}`))
  for (const name of missing)
    report(keyError(path, `does not give ${JSON.stringify(name)}, which the output requires: add it, or take it out of output.required`))
  for (const name of given.filter(each => !unknown.includes(each)))
    checkGiven({ value: value[name], known: memberOf(known, name), path: [...path, name], report })
}

/** The value at a path. */
export const valueAt = (value: Json | undefined, path: Path): Json | undefined =>
  path.reduce<Json | undefined>(
    (at, step) => (isObject(at) || Array.isArray(at) ? (at as Readonly<Record<string, Json>>)[step] : undefined),
    value
  )
