/** The part of the scope that goes to the thread: the members that the expression can name. */

/** Sees more than it names: wildcards, parents, the context itself, functions that take the context, names that are made up. */
const seesAll = /[*%|~\\]|\$(?![A-Za-z_])|\(\s*\)|\$(?:eval|sift|each|lookup|keys|spread|merge)\b/

/** `$$.run` names a member of the whole. */
const fromOutside = /\$\$\s*\.\s*(?=[A-Za-z_`])/g

/** The scope as JSON, without members that the expression can not mean. */
export function rootsFor(source: string): (scope: object) => string {
  if (seesAll.test(source.replaceAll(fromOutside, ''))) return scope => JSON.stringify(scope)
  return scope => JSON.stringify(Object.fromEntries(Object.entries(scope).filter(([name]) => source.includes(name))))
}
