/** Code that runs inside the page: everything that a step wants to know, in one round trip. Nothing here may use a name from outside its function. */

export interface PlaceSpec {
  readonly alternatives: readonly { readonly how: 'css' | 'xpath' | 'text'; readonly what: string }[]
  readonly nth: number | undefined
  readonly exact: boolean
}

export interface ColumnSpec {
  readonly name: string
  readonly header?: string | undefined
  readonly index?: number | undefined
  readonly css?: string | undefined
  readonly attribute?: string | undefined
}

export interface FieldSpec {
  readonly name: string
  readonly place: PlaceSpec
  readonly kind: 'value' | 'list' | 'table'
  readonly attribute: string | undefined
  readonly optional: boolean
  readonly rows: string | undefined
  readonly columns: readonly ColumnSpec[]
}

export interface PageJob {
  readonly errors: readonly PlaceSpec[]
  readonly fields: readonly FieldSpec[]
  readonly waitMs: number
  /** What the fields said before: waits until they say something else. */
  readonly previous: string | undefined
}

export type Raw = null | string | readonly string[] | readonly Readonly<Record<string, string>>[]

export interface PageAnswer {
  /** Index of the declared error that the page shows. */
  readonly error?: number
  readonly errorText?: string
  readonly values?: Readonly<Record<string, Raw>>
  readonly missing?: string
}

export function readPage(job: PageJob): Promise<PageAnswer> {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  const shown = (element: Element) => !element.checkVisibility || element.checkVisibility()
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
        const text = tidy(element.textContent)
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
  const textOf = (element: Element, attribute: string | undefined): string => {
    if (attribute !== undefined) return element.getAttribute(attribute) ?? ''
    if (element instanceof HTMLInputElement && /^(checkbox|radio)$/.test(element.type)) return String(element.checked)
    if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value
    if (element instanceof HTMLSelectElement) return element.selectedOptions[0]?.text ?? ''
    // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, with line breaks and without what is hidden
    return element.childElementCount === 0 || !(element instanceof HTMLElement) ? (element.textContent ?? '') : element.innerText
  }
  const readTable = (table: Element, { columns, rows: rowCss }: FieldSpec): string | Record<string, string>[] => {
    const rows =
      rowCss !== undefined
        ? [...table.querySelectorAll(rowCss)]
        : table instanceof HTMLTableElement
          ? [...table.rows]
          : [...table.querySelectorAll('tr')]
    const cells = (row: Element) => (row instanceof HTMLTableRowElement ? [...row.cells] : [...row.children])
    const headers = table instanceof HTMLTableElement ? [...table.rows] : rows
    const headerRow =
      headers.find(row => cells(row).some(cell => cell.tagName === 'TH') && cells(row).length > 1) ??
      (columns.some(column => column.header) ? headers[0] : undefined)
    const names =
      headerRow === undefined
        ? []
        : cells(headerRow).flatMap(cell => [
            tidy(cell.textContent),
            ...Array(Math.max(0, ((cell as HTMLTableCellElement).colSpan || 1) - 1)).fill('')
          ])
    const positions = columns.map(({ header, index }) =>
      header === undefined ? (index ?? 0) - 1 : names.findIndex(name => name.toLowerCase() === tidy(header).toLowerCase())
    )
    const lost = columns.find((column, at) => column.header !== undefined && positions[at] === -1)
    if (lost !== undefined) return `column "${lost.header}" (the table has ${names.join(', ') || 'no headers'})`
    const last = Math.max(...positions)
    const data = rows.filter(
      row =>
        row !== headerRow &&
        (!(row instanceof HTMLTableRowElement) || (cells(row).length > last && cells(row).some(cell => cell.tagName === 'TD')))
    )
    return data.map(row => {
      const own = cells(row)
      return Object.fromEntries(
        columns.map((column, at) => {
          const cell = column.css === undefined ? own[positions[at] ?? 0] : row.querySelector(column.css)
          return [column.name, cell == null ? '' : textOf(cell, column.attribute)]
        })
      )
    })
  }
  const readField = (field: FieldSpec): { value: Raw } | { missing: string } => {
    const found = all(field.place)
    if (field.kind === 'list') return { value: found.map(element => textOf(element, field.attribute)) }
    if (found.length > 1) return { missing: `one single element (${found.length} match)` }
    const [element] = found
    if (element === undefined) return field.optional ? { value: null } : { missing: 'the element' }
    if (field.kind === 'value') return { value: textOf(element, field.attribute) }
    const rows = readTable(element, field)
    return typeof rows === 'string' ? { missing: rows } : { value: rows }
  }
  const look = (): PageAnswer => {
    for (const [index, place] of job.errors.entries()) {
      const element = all(place).find(shown)
      if (element !== undefined) return { error: index, errorText: tidy(element.textContent).slice(0, 5_000) }
    }
    const values: Record<string, Raw> = {}
    for (const field of job.fields) {
      const read = readField(field)
      if ('missing' in read) return { missing: `${field.name}: ${read.missing}` }
      values[field.name] = read.value
    }
    if (job.previous !== undefined && JSON.stringify(values) === job.previous) return { missing: 'another page of rows' }
    return { values }
  }
  return new Promise(resolve => {
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
  })
}

/** The first text that a reader of the page sees. */
export function firstText(): string {
  // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, without what is hidden
  return (document.body?.innerText ?? '').replace(/\s+/g, ' ').trim().slice(0, 20_000)
}
