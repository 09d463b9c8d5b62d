/** Code that runs inside the page once a step has failed: what its elements are like, and what else is there. No value of a text field leaves the page. Nothing here may use a name from outside its function. */
import type { LabelEngine } from './label-engine.ts'

export interface Seen {
  /** Tag and id, in characters that say nothing else: `div#cookies`. */
  readonly at: string
  /** The name that a person would give it. */
  readonly text: string
  /** The text of the row or item that it stands in. */
  readonly row: string
  /** Why nobody sees it; empty for one that is visible. */
  readonly hidden: string
  readonly disabled: boolean
  readonly readOnly: boolean
  readonly outside: boolean
  readonly cover: { readonly at: string; readonly text: string } | undefined
  /** The options of a drop-down list that can be chosen. */
  readonly options: readonly string[] | undefined
  readonly disabledOptions: readonly string[]
}

export function seeAll(elements: readonly Element[]): { readonly count: number; readonly seen: readonly Seen[] } {
  const tidy = (text: string | null | undefined, length = 60) => (text ?? '').replace(/\s+/g, ' ').trim().slice(0, length)
  const at = (element: Element) => {
    const id = /^[A-Za-z][\w-]{0,30}$/.test(element.id) ? `#${element.id}` : ''
    return `${element.tagName.toLowerCase().replace(/[^a-z0-9-]/g, '')}${id}`
  }
  // biome-ignore lint/performance/useDomNodeTextContent: what a person reads, without what is hidden
  const read = (element: Element) => tidy(element instanceof HTMLElement ? element.innerText : element.textContent)
  const labelText = (label: Element) => {
    const copy = label.cloneNode(true) as Element
    for (const field of copy.querySelectorAll('select, textarea, button, script, style')) field.remove()
    return tidy(copy.textContent)
  }
  const isButton = (element: Element) => element instanceof HTMLInputElement && /^(submit|button|reset|image)$/.test(element.type)
  const textOf = (element: Element): string => {
    const said = tidy(element.getAttribute('aria-label'))
    if (said !== '') return said
    if (isButton(element)) return tidy((element as HTMLInputElement).value) || tidy(element.getAttribute('alt'))
    if (!element.matches('input, select, textarea')) return read(element) || tidy(element.getAttribute('title'))
    const labels = [...((element as HTMLInputElement).labels ?? [])].map(labelText)
    return labels.find(text => text !== '') ?? tidy(element.getAttribute('placeholder') ?? element.getAttribute('name'))
  }
  const hiddenBy = (element: Element): string => {
    for (let up: Element | null = element; up !== null; up = up.parentElement)
      if (getComputedStyle(up).display === 'none') return `display: none${up === element ? '' : ` of ${at(up)}`}`
    if (getComputedStyle(element).visibility !== 'visible') return 'visibility: hidden'
    const { width, height } = element.getBoundingClientRect()
    return width === 0 || height === 0 ? 'it has no size' : ''
  }
  const coverOf = (element: Element, outside: boolean): Element | undefined => {
    const { left, top, width, height } = element.getBoundingClientRect()
    const root = element.getRootNode() as Document | ShadowRoot
    const hit = outside ? null : root.elementFromPoint(left + width / 2, top + height / 2)
    if (hit === null || hit === element || element.contains(hit) || hit.contains(element)) return undefined
    return hit.closest('label')?.control === element ? undefined : hit
  }
  const see = (element: Element): Seen => {
    const { left, top, width, height } = element.getBoundingClientRect()
    const [x, y] = [left + width / 2, top + height / 2]
    const outside = x < 0 || y < 0 || x > innerWidth || y > innerHeight
    const hidden = hiddenBy(element)
    const cover = hidden === '' ? coverOf(element, outside) : undefined
    const row = element.parentElement?.closest('tr, [role=row], li, [role=listitem]')
    const options = element instanceof HTMLSelectElement ? [...element.options] : undefined
    const shut = options?.filter(option => option.matches(':disabled')) ?? []
    return {
      at: at(element),
      text: textOf(element),
      row: row == null ? '' : read(row),
      hidden,
      disabled: element.matches(':disabled') || element.closest('[aria-disabled=true]') !== null,
      readOnly: element.matches('input:read-only, textarea:read-only') && element.hasAttribute('readonly'),
      outside,
      cover: cover === undefined ? undefined : { at: at(cover), text: read(cover) },
      options: options?.filter(option => !shut.includes(option)).map(option => tidy(option.label || option.text)),
      disabledOptions: shut.map(option => tidy(option.label || option.text))
    }
  }
  return { count: elements.length, seen: elements.slice(0, 30).map(see) }
}

/** Names of what is there of one kind. */
export function namesOfAll(elements: readonly Element[]): readonly string[] {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim().slice(0, 60)
  const nameOf = (element: Element) => {
    const isButton = element instanceof HTMLInputElement && /^(submit|button|reset)$/.test(element.type)
    if (isButton) return tidy(element.value)
    if (!element.matches('input, select, textarea')) return tidy(element.getAttribute('aria-label')) || tidy(element.textContent)
    return tidy(element.getAttribute('aria-label')) || tidy(element.getAttribute('placeholder') ?? element.getAttribute('name'))
  }
  const isShown = (element: Element) => !element.checkVisibility || element.checkVisibility()
  const names = elements.slice(0, 300).filter(isShown).map(nameOf)
  return [...new Set(names.filter(name => name !== ''))]
}

/** The names that a person would give the fields of the page. */
export function fieldNames({ fields, namesOf }: Pick<LabelEngine, 'fields' | 'namesOf'>): readonly string[] {
  const shown = [...document.querySelectorAll(fields)].filter(field => !field.checkVisibility || field.checkVisibility())
  const names = shown.slice(0, 300).map(field => (namesOf(field)[0] ?? field.getAttribute('placeholder') ?? '').slice(0, 60))
  return [...new Set(names.filter(name => name !== ''))]
}
