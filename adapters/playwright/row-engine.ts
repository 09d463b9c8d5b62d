/** A selector engine of ours: rows by what stands in them. `rowEngine` runs inside the page and may use no name from outside itself. */

/** The part of a selector engine that Playwright calls. */
export interface Engine {
  queryAll(root: Document | Element | ShadowRoot, body: string): Element[]
}

/** A locator's request to an engine, as text that no grammar of selectors can misread. */
export const bodyOf = (value: object): string => encodeURIComponent(JSON.stringify(value)).replaceAll("'", '%27')

export interface RowBody {
  /** Each is the whole text of a cell, or of an element or a run of text in the row. */
  readonly texts: readonly string[]
  /** Several rows are all given; else they are a mistake. */
  readonly all?: boolean | undefined
}

/** The row of a table or the item of a list that has all the texts; of rows within rows, the innermost. */
export function rowEngine(): Engine {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim().toLowerCase()
  const has = (row: Element, wanted: string): boolean => {
    const isField = (element: Element) => element instanceof HTMLInputElement && element.type === 'text' && tidy(element.value) === wanted
    const isText = (node: Node) => tidy(node.textContent) === wanted
    const parts = [...row.querySelectorAll('*')]
    if (parts.some(isField)) return true
    if (!tidy(row.textContent).includes(wanted)) return false
    return [row, ...parts].some(part => isText(part) || [...part.childNodes].some(node => node.nodeType === Node.TEXT_NODE && isText(node)))
  }
  const isShown = (element: Element) => !element.checkVisibility || element.checkVisibility()
  return {
    queryAll(root, body) {
      const { texts, all }: RowBody = JSON.parse(decodeURIComponent(body))
      const wanted = texts.map(tidy)
      const rows = [...root.querySelectorAll('tr, [role=row], li, [role=listitem]')].filter(row => wanted.every(text => has(row, text)))
      const innermost = rows.filter(row => !rows.some(other => other !== row && row.contains(other)))
      const shown = innermost.filter(isShown)
      const found = shown.length === 0 ? innermost : shown
      if (found.length > 1 && all !== true) throw new Error(`${found.length} rows have these texts`)
      return found
    }
  }
}
