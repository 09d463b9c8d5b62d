/** Code that runs inside the page: what fields hold now. Nothing here may use a name from outside its function. */
import type { SeenFile } from './given-file.ts'

export interface FieldJob {
  /** The values or labels of a drop-down list's options. */
  readonly options: readonly string[]
}

export interface Chosen {
  readonly value: string
  readonly label: string
}

export interface Seen {
  /** The page has taken the element away. */
  readonly isGone: boolean
  /** Something else was filled into it, or into its group of radio buttons, later. */
  readonly isSuperseded: boolean
  /** Its name, or else its id. */
  readonly names: readonly string[]
  /** The names of the other fields of its form, where the field has a name of its own, and so is sent by the form. */
  readonly besides: readonly string[]
  /** As the page calls it. */
  readonly label: string
  readonly type: string
  /** Its lines are elements. */
  readonly isEditor: boolean
  /** Null: nobody can tell. */
  readonly held: string | null
  readonly isTicked: boolean | null
  readonly chosen: readonly Chosen[]
  /** Present for a field for files. */
  readonly files?: readonly SeenFile[] | undefined
  /** The options that `select` was to choose. */
  readonly wanted: readonly Chosen[]
  /** The value that a ticked box sends. */
  readonly sends: string
  readonly charset: string
}

/** The elements are as the locators found them, in the order in which they were filled. */
export function readBack(first: Element, { elements, jobs }: { elements: Element[]; jobs: readonly FieldJob[] }): Seen[] {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  /** A label stands for its field. */
  const fieldOf = (element: Element): Element => {
    const isField = element.matches('input, textarea, select, [role=checkbox], [role=radio], [role=switch]')
    const isEditable = element instanceof HTMLElement && element.isContentEditable
    return isField || isEditable ? element : (element.closest('label')?.control ?? element)
  }
  const fields = [first, ...elements].map(fieldOf)
  const groupOf = (field: Element | undefined) =>
    field instanceof HTMLInputElement && field.type === 'radio' && field.name !== '' ? field : undefined
  const isSame = (field: Element, later: Element) => {
    const [one, other] = [groupOf(field), groupOf(later)]
    return field === later || (one !== undefined && other !== undefined && one.name === other.name && one.form === other.form)
  }
  const chosenOf = (field: Element) => (field instanceof HTMLSelectElement ? [...field.selectedOptions] : [])
  const optionsOf = (field: Element, options: readonly string[]) =>
    field instanceof HTMLSelectElement
      ? options.map(wanted => [...field.options].find(({ value, label }) => value === wanted || tidy(label) === tidy(wanted)))
      : []
  const told = (options: readonly (HTMLOptionElement | undefined)[]) =>
    options.filter(option => option !== undefined).map(({ value, label }) => ({ value, label: tidy(label) }))
  const heldBy = (field: Element): string | null => {
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) return field.value
    return field instanceof HTMLElement && field.isContentEditable ? field.textContent : null
  }
  const tickOf = (field: Element): boolean | null => {
    if (field instanceof HTMLInputElement) return field.checked
    const said = field.getAttribute('aria-checked')
    return said === null ? null : said === 'true'
  }
  const besides = (field: Element) => {
    const { name = '', form = null } = field as HTMLInputElement
    const others = form === null || name === '' ? [] : [...form.elements].map(each => (each as HTMLInputElement).name)
    return [...new Set(others)].filter(each => each && each !== name).slice(0, 500)
  }
  const labelOf = (field: Element) =>
    tidy((field as HTMLInputElement).labels?.[0]?.textContent) || tidy(field.getAttribute('aria-label')) || field.getAttribute('name') || ''
  return fields.map((field, index) => ({
    isGone: !field.isConnected,
    isSuperseded: fields.some((later, at) => at > index && isSame(field, later)),
    names: [field.getAttribute('name') || field.id].filter(name => name !== ''),
    besides: besides(field),
    label: labelOf(field).slice(0, 80),
    type: field instanceof HTMLInputElement ? field.type : field.tagName.toLowerCase(),
    isEditor: !field.matches('input, textarea') && field instanceof HTMLElement && field.isContentEditable,
    held: heldBy(field),
    isTicked: tickOf(field),
    chosen: told(chosenOf(field)),
    files:
      field instanceof HTMLInputElement && field.files !== null ? [...field.files].map(({ name, size }) => ({ name, size })) : undefined,
    wanted: told(optionsOf(field, jobs[index]?.options ?? [])),
    sends: field instanceof HTMLInputElement ? field.value : '',
    charset: document.characterSet
  }))
}
