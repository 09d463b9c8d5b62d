/** Code that runs inside the page: everything that a step wants to know, in one round trip. Nothing here may use a name from outside its function. */
import { findMore } from './more-signs.ts'
import { readTable, type TableSpec } from './read-table.ts'

export interface PlaceSpec {
  readonly alternatives: readonly { readonly how: 'css' | 'xpath' | 'text'; readonly what: string }[]
  readonly nth: number | undefined
  readonly exact: boolean
}

export interface FieldSpec extends TableSpec {
  readonly name: string
  readonly place: PlaceSpec
  readonly kind: 'value' | 'list' | 'table'
  readonly attribute: string | undefined
  readonly lines?: boolean | undefined
  readonly optional: boolean
  /** True for a list or table without `more`: the page is searched for signs that it goes on. */
  readonly signs?: boolean | undefined
}

export interface PageJob {
  readonly errors: readonly PlaceSpec[]
  readonly fields: readonly FieldSpec[]
  readonly waitMs: number
  /** The fields' values before: waits until they say something else. */
  readonly previous: string | undefined
}

export type Raw = null | string | readonly string[] | readonly Readonly<Record<string, string>>[]

export interface PageAnswer {
  /** Index of the declared error that the page shows. */
  readonly error?: number
  readonly errorText?: string
  readonly values?: Readonly<Record<string, Raw>>
  readonly missing?: string
  /** True: the missing value is there, and does not fit. */
  readonly isUnfit?: boolean
  /** Why a list or a table is not all that there is, by its name. */
  readonly partial?: Readonly<Record<string, string>>
}

type Scripts = { readonly readTable: typeof readTable; readonly findMore: typeof findMore }

/** As an expression, as functions can not be handed over to a page. */
export const pageScript = (job: PageJob): string =>
  `(${readPage})(${JSON.stringify(job)}, { readTable: ${readTable}, findMore: ${findMore} })`

function readPage(job: PageJob, { readTable, findMore }: Scripts): Promise<PageAnswer> {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  const shown = (element: Element) => !element.checkVisibility || element.checkVisibility()
  /** A script may hold every message that its page has ever to show. */
  const wordsOf = (element: Element): string => {
    if (element.querySelector('script, style, noscript') === null) return element.textContent ?? ''
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    let words = ''
    while (walker.nextNode())
      if (walker.currentNode.parentElement?.closest('script, style, noscript') == null) words += walker.currentNode.nodeValue
    return words
  }
  const ways: Record<string, (what: string, exact: boolean) => Element[]> = {
    css: what => [...document.querySelectorAll(what)],
    xpath: what => {
      const found = document.evaluate(what, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null)
      const nodes = Array.from({ length: found.snapshotLength }, (_, index) => found.snapshotItem(index))
      return nodes.map(node => (node instanceof Element ? node : node?.parentElement)).filter(node => node != null)
    },
    text: (what, exact) => {
      const wanted = exact ? tidy(what) : tidy(what).toLowerCase()
      const says = (element: Element) => {
        // Seldom needed, and slow.
        if (!exact && !tidy(element.textContent).toLowerCase().includes(wanted)) return false
        const text = tidy(wordsOf(element))
        return exact ? text === wanted : text.toLowerCase().includes(wanted)
      }
      if (!document.body || !(exact || says(document.body))) return []
      const hits = [...document.body.querySelectorAll('*')].filter(
        element => !/^(SCRIPT|STYLE|NOSCRIPT)$/.test(element.tagName) && says(element)
      )
      return (hits.length === 0 && says(document.body) ? [document.body] : hits).filter(
        element => !hits.some(other => other !== element && element.contains(other))
      )
    }
  }
  const all = (place: PlaceSpec): Element[] => {
    for (const { how, what } of place.alternatives) {
      const found = ways[how]?.(what, place.exact) ?? []
      if (found.length > 0) return place.nth === undefined ? found : [found.at(place.nth)].filter(element => element !== undefined)
    }
    return []
  }
  /** The lines of an element that is not laid out, where there is no text as a person reads it. */
  const linesOf = (element: Element): string => {
    const copy = element.cloneNode(true) as Element
    for (const each of copy.querySelectorAll('br')) each.replaceWith('\n')
    return copy.textContent ?? ''
  }
  const textOf = (element: Element, { attribute, lines }: { attribute?: string | undefined; lines?: boolean | undefined }): string => {
    if (attribute !== undefined) return element.getAttribute(attribute) ?? ''
    if (element instanceof HTMLInputElement && /^(checkbox|radio)$/.test(element.type)) return String(element.checked)
    if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value
    if (element instanceof HTMLSelectElement) return element.selectedOptions[0]?.text ?? ''
    if (!(element instanceof HTMLElement)) return element.textContent ?? ''
    if (lines === true && !shown(element)) return linesOf(element)
    // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, with line breaks and without what is hidden
    return element.childElementCount === 0 && lines !== true ? (element.textContent ?? '') : element.innerText
  }
  const partial: Record<string, string> = {}
  const looks: (() => Promise<void>)[] = []
  const lookFor = (name: string, elements: readonly Element[], count: number) =>
    looks.push(async () => {
      const sign = await findMore(elements, count)
      if (sign !== undefined) partial[name] = sign
    })
  const readField = (field: FieldSpec): { value: Raw } | { missing: string; isUnfit?: boolean } => {
    const found = all(field.place)
    if (field.kind === 'list') {
      if (field.signs === true) lookFor(field.name, found, found.length)
      return { value: found.map(element => textOf(element, field)) }
    }
    if (found.length > 1) return { missing: `one single element (${found.length} match)` }
    const [element] = found
    if (element === undefined) return field.optional ? { value: null } : { missing: 'the element' }
    if (field.kind === 'value') return { value: textOf(element, field) }
    const { rows, missing, unfit, hidden } = readTable(element, field, textOf)
    if (missing !== undefined) return { missing }
    if (unfit !== undefined) return { missing: unfit, isUnfit: true }
    if (hidden > 0) partial[field.name] = `the page hides ${hidden} row${hidden === 1 ? '' : 's'} of it`
    else if (field.signs === true) lookFor(field.name, [element], rows.length)
    return { value: rows }
  }
  const look = (): PageAnswer => {
    looks.length = 0
    for (const [index, place] of job.errors.entries()) {
      const element = all(place).find(shown)
      if (element !== undefined) return { error: index, errorText: tidy(element.textContent).slice(0, 5_000) }
    }
    const values: Record<string, Raw> = {}
    for (const field of job.fields) {
      const read = readField(field)
      if ('missing' in read) return { ...read, missing: `${field.name}: ${read.missing}` }
      values[field.name] = read.value
    }
    if (job.previous !== undefined && JSON.stringify(values) === job.previous) return { missing: 'another page of rows' }
    return { values, partial }
  }
  return new Promise<PageAnswer>(resolve => {
    const until = Date.now() + job.waitMs
    let timer: ReturnType<typeof setTimeout> | undefined
    const observer = new MutationObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(attempt, 20)
    })
    const attempt = () => {
      const answer = look()
      const left = until - Date.now()
      clearTimeout(timer)
      if (answer.missing === undefined || left <= 0) {
        observer.disconnect()
        resolve(answer)
      } else timer = setTimeout(attempt, Math.min(left, 250))
    }
    const start = () => {
      const answer = look()
      if (answer.missing === undefined || job.waitMs <= 0) return resolve(answer)
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
      timer = setTimeout(attempt, Math.min(job.waitMs, 250))
    }
    if (document.readyState === 'loading') {
      document.addEventListener('DOMContentLoaded', start, { once: true })
      setTimeout(start, job.waitMs + 50)
    } else start()
  }).then(async answer => {
    const until = Date.now() + 1_500
    for (const lookMore of answer.values === undefined ? [] : looks) if (Date.now() < until) await lookMore().catch(() => undefined)
    return answer
  })
}

/** The first text that a reader of the page sees. */
export function firstText(): string {
  // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, without what is hidden
  return (document.body?.innerText ?? '').replace(/\s+/g, ' ').trim().slice(0, 20_000)
}
