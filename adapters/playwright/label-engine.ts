/** A selector engine of ours: fields of pages that have no label elements. `labelEngine` runs inside the page and may use no name from outside itself. */
import type { Engine } from './row-engine.ts'

export interface LabelBody {
  readonly what: string
  readonly exact: boolean
}

export interface LabelEngine extends Engine {
  /** The names that a person would give the field, nearest first. */
  namesOf(field: Element): readonly string[]
  readonly fields: string
}

/**
 * The field whose label is no label: the text right before it, in the cell before it, or at the head of its column; all of it, in any case,
 * without colons and stars. Nothing where an element of the page has the text as its real label.
 */
export function labelEngine(): LabelEngine {
  const fields = 'input:not([type=hidden],[type=submit],[type=button],[type=image],[type=reset]), select, textarea, [contenteditable=true]'
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  const bare = (text: string): string => {
    const name = tidy(text)
    let [from, end] = [0, name.length]
    while (from < end && ' *'.includes(name.charAt(from))) from += 1
    while (end > from && ' *:\uff1a'.includes(name.charAt(end - 1))) end -= 1
    return name.slice(from, end)
  }
  const isShown = (element: Element) => !element.checkVisibility || element.checkVisibility()
  const isBreak = (element: Element) => element.tagName === 'BR' || !/^(inline|contents)/.test(getComputedStyle(element).display)
  const blockOf = (node: Node): Element | null => {
    let at = node.parentElement
    while (at !== null && !isBreak(at)) at = at.parentElement
    return at
  }
  /** Without the choices of a field that stands in it. */
  const ownText = (label: Element): string => {
    const copy = label.cloneNode(true) as Element
    for (const field of copy.querySelectorAll('select, textarea, button, script, style')) field.remove()
    return tidy(copy.textContent)
  }
  const realNames = (element: Element): string[] => {
    const ids = (element.getAttribute('aria-labelledby') ?? '').split(/\s+/).filter(id => id !== '')
    const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : []
    const said = [...labels, ...ids.map(id => document.getElementById(id))].map(each => (each === null ? '' : ownText(each)))
    return [tidy(element.getAttribute('aria-label')), ...said].filter(name => name !== '')
  }
  const isOthers = (text: Node, field: Element) => {
    const label = text.parentElement?.closest('label')
    return label?.control != null && label.control !== field
  }
  /** The run of text on one side of the field: up to a break, or to another field. */
  const textBeside = (field: Element, step: 'previousNode' | 'nextNode'): string => {
    const scope = field.closest('td, th, li, form, fieldset, body') ?? field
    const walker = document.createTreeWalker(scope, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
    walker.currentNode = field
    let text = ''
    let block: Element | null = null
    for (let node = walker[step](); node !== null && text.length < 200; node = walker[step]()) {
      const says = tidy(text) !== ''
      if (node instanceof Element) {
        // The text after a check box or radio button belongs to that button.
        if (node.matches('[type=checkbox], [type=radio]') && step === 'previousNode') return ''
        if (node.matches(`${fields}, button`)) break
        if (says && !node.contains(field) && isBreak(node)) break
      } else if (!field.contains(node) && node.parentElement?.closest('script, style, noscript, select, textarea, button') === null) {
        if (isOthers(node, field) || (says && blockOf(node) !== block)) break
        block = blockOf(node)
        text = step === 'nextNode' ? `${text} ${node.textContent}` : `${node.textContent} ${text}`
      }
    }
    return text
  }
  const holdsField = (element: Element) => element.querySelector(fields) !== null
  /** The nearest cell before it that says something; a field in between has that text for itself. */
  const cellBefore = (cell: Element): string => {
    for (let at = cell.previousElementSibling; at !== null && !holdsField(at); at = at.previousElementSibling)
      if (tidy(at.textContent) !== '') return at.textContent ?? ''
    return ''
  }
  const cellAt = (row: HTMLTableRowElement, column: number): HTMLTableCellElement | undefined => {
    let end = 0
    return [...row.cells].find(cell => {
      end += cell.colSpan
      return column < end
    })
  }
  /** A header cell anywhere above, or the cell right above in a row without fields. */
  const headOf = (cell: HTMLTableCellElement): string => {
    const row = cell.parentElement
    const table = cell.closest('table')
    if (!(row instanceof HTMLTableRowElement) || table === null) return ''
    const before = [...row.cells].slice(0, cell.cellIndex)
    const column = before.reduce((sum, { colSpan }) => sum + colSpan, 0)
    const rows = [...table.rows]
    for (let at = rows.indexOf(row) - 1, near = true; at >= 0; at--, near = false) {
      const above = rows[at] as HTMLTableRowElement
      const head = cellAt(above, column)
      if (head !== undefined && tidy(head.textContent) !== '' && (head.tagName === 'TH' || near) && !holdsField(above))
        return head.textContent ?? ''
    }
    return ''
  }
  const namesOf = (field: Element): readonly string[] => {
    const isBox = field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)
    const beside = [isBox ? textBeside(field, 'nextNode') : '', textBeside(field, 'previousNode')]
    const cell = field.closest<HTMLTableCellElement>('td, th')
    const around = cell === null ? [] : [cellBefore(cell), headOf(cell)]
    const real = realNames(field)
    const [own] = beside.map(bare).filter(text => text !== '')
    return real.length > 0 ? real : own === undefined ? around.map(bare).filter(text => text !== '') : [own]
  }
  return {
    fields,
    namesOf,
    queryAll(root, body) {
      const { what, exact }: LabelBody = JSON.parse(decodeURIComponent(body))
      const fold = (text: string) => (exact ? text : text.toLowerCase())
      const wanted = fold(tidy(what))
      const hasLabel = (element: Element) => realNames(element).some(name => (exact ? name === wanted : fold(name).includes(wanted)))
      if ([...root.querySelectorAll(`${fields}, button, [aria-label], [aria-labelledby]`)].some(hasLabel)) return []
      const isIt = (text: string | null) => text !== null && fold(bare(text)) === bare(wanted)
      const shown = [...root.querySelectorAll(fields)].filter(field => isShown(field) && realNames(field).length === 0)
      const said = shown.filter(field => isIt(field.getAttribute('placeholder')) || isIt(field.getAttribute('title')))
      return said.length > 0 ? said : shown.filter(field => namesOf(field).some(isIt))
    }
  }
}
