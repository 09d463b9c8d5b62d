/** Code that runs inside the page: the rows of a table, on its grid (HTML, "forming a table"). Nothing here may use a name from outside its function. */

export interface ColumnSpec {
  readonly name: string
  readonly header?: string | undefined
  readonly index?: number | undefined
  readonly css?: string | undefined
  readonly attribute?: string | undefined
  readonly lines?: boolean | undefined
}

export interface TableSpec {
  readonly rows: string | undefined
  readonly hidden?: boolean | undefined
  readonly columns: readonly ColumnSpec[]
}

export interface TableRead {
  readonly rows: Record<string, string>[]
  /** The part that is not there yet. */
  readonly missing?: string
  /** The part that does not fit, and may not when the page is done either. */
  readonly unfit?: string
  /** Rows with something in them that the page hides. */
  readonly hidden: number
}

type TextOf = (element: Element, column: { readonly attribute?: string | undefined; readonly lines?: boolean | undefined }) => string

export function readTable(table: Element, { columns, rows: rowCss, hidden: wantsHidden }: TableSpec, textOf: TextOf): TableRead {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  const lower = (element: Element | undefined) => tidy(element?.textContent).toLowerCase()
  const isRow = (row: Element): row is HTMLTableRowElement => row instanceof HTMLTableRowElement
  const own = (row: Element) => (isRow(row) ? [...row.cells] : [...row.children])
  const distinct = (slots: readonly (Element | undefined)[]) => [...new Set(slots)].filter(cell => cell !== undefined)
  const isHeading = (row: Element) =>
    own(row).length > 0 && own(row).every(cell => cell.tagName === 'TH' || cell.getAttribute('role') === 'columnheader')
  /** Rows of tables within a row belong to its cells. */
  const outermost = (found: readonly Element[]) => {
    const all = new Set(found)
    const isWithin = (row: Element) => {
      for (let at = row.parentElement; at !== null && at !== table; at = at.parentElement) if (all.has(at)) return true
      return false
    }
    return found.filter(row => !isWithin(row))
  }
  const tableRows = table instanceof HTMLTableElement ? [...table.rows] : undefined
  const rowsOf = () => {
    if (rowCss !== undefined) return outermost([...table.querySelectorAll(rowCss)])
    return tableRows ?? outermost([...table.querySelectorAll('tr')])
  }
  const [rows, grid] = [rowsOf(), new Map<Element, Element[]>()]
  /** A cell covers the columns and, within its group of rows, the rows that it says. */
  const spread = (each: HTMLTableElement) => {
    let group: Element | null = null
    let above: { cell: Element; left: number }[] = []
    for (const row of each.rows) {
      if (row.parentElement !== group) [group, above] = [row.parentElement, []]
      const slots: Element[] = []
      above.forEach((span, at) => {
        if (span.left-- > 0) slots[at] = span.cell
      })
      let at = 0
      for (const cell of row.cells) {
        while (slots[at] !== undefined) at++
        const left = cell.rowSpan === 0 ? Number.POSITIVE_INFINITY : cell.rowSpan - 1
        for (const end = at + cell.colSpan; at < end; at++) {
          slots[at] ??= cell
          if (left > 0) above[at] = { cell, left }
        }
      }
      grid.set(row, slots)
    }
  }
  for (const each of new Set([...rows, ...(tableRows ?? [])].filter(isRow).map(row => row.closest('table')))) if (each) spread(each)
  const slotsOf = (row: Element): readonly (Element | undefined)[] => grid.get(row) ?? own(row)
  const wanted = columns.flatMap(({ header }) => (header === undefined ? [] : [tidy(header).toLowerCase()]))
  const all = (tableRows ?? rows).filter(row => own(row).length > 0)
  const heads = headRows()
  /** The lowest that says it. */
  const columnOf = (header: string): { at: number; count: number } => {
    for (const row of [...heads].reverse()) {
      const cells = distinct(slotsOf(row)).filter(cell => lower(cell) === header)
      if (cells.length > 0) return { at: slotsOf(row).indexOf(cells[0]), count: cells.length }
    }
    return { at: -1, count: 0 }
  }
  /** The rows of headers at the top; without any, the first that has what is asked for. */
  function headRows(): readonly Element[] {
    const end = all.findIndex(row => !isHeading(row))
    const leading = end < 0 ? all : all.slice(0, end)
    if (wanted.length === 0) return leading
    const says = (some: readonly Element[]) => wanted.every(header => some.some(row => slotsOf(row).some(cell => lower(cell) === header)))
    const mixed = all.find(row => own(row).length > 1 && own(row).some(cell => cell.tagName === 'TH'))
    const ways = [leading, ...[mixed, all[leading.length]].map(row => (row === undefined ? leading : [...leading, row]))]
    return ways.find(says) ?? (leading.length > 0 ? leading : all.slice(0, 1))
  }
  const placeOf = ({ header, index = 0 }: ColumnSpec) =>
    header === undefined ? { at: index - 1, count: 1 } : columnOf(tidy(header).toLowerCase())
  const places = columns.map(placeOf)
  const namesOf = () =>
    [...new Set(heads.flatMap(row => distinct(slotsOf(row)).map(cell => tidy(cell.textContent))))].filter(name => name !== '')
  const wrongColumns = (): Partial<TableRead> | undefined => {
    const lost = columns.find((_, at) => places[at]?.count === 0)
    if (lost !== undefined) return { missing: `column "${lost.header}" (the table has ${namesOf().join(', ') || 'no headers'})` }
    const double = columns.find((_, at) => (places[at]?.count ?? 0) > 1)
    return double && { unfit: `several columns are called "${double.header}": say which with index in place of header` }
  }
  const positions = columns.map(column => placeOf(column).at).filter(at => at >= 0)
  const width = Math.max(0, ...[...heads, ...rows].map(row => (distinct(slotsOf(row)).length > 1 ? slotsOf(row).length : 0)))
  /** One cell over all columns says something about the table, such as that it is empty. */
  const isBanner = (row: Element) => {
    const cells = distinct(slotsOf(row))
    const isWide = cells.length === 1 && ((cells[0] as HTMLTableCellElement).colSpan ?? 1) > 1 && width > 0 && slotsOf(row).length >= width
    return isWide && (positions.length > 0 || !columns.some(({ css }) => css !== undefined && row.querySelector(css)))
  }
  const isRepeated = (row: Element) =>
    wanted.length > 0 &&
    columns.every(({ header }, at) => header === undefined || lower(slotsOf(row)[places[at]?.at ?? 0]) === tidy(header).toLowerCase())
  const isHidden = (row: Element) =>
    [row, row.parentElement].some(each => each !== null && each !== table && getComputedStyle(each).display === 'none') ||
    getComputedStyle(row).visibility !== getComputedStyle(table).visibility
  const isData = (row: Element) =>
    own(row).length > 0 && !heads.includes(row) && !(isRow(row) && isHeading(row)) && !isBanner(row) && !isRepeated(row)
  const shortRow = (shown: readonly Element[]): Partial<TableRead> | undefined => {
    const short = shown.find(row => positions.some(at => slotsOf(row)[at] === undefined))
    const [which, has] = short === undefined ? [0, 0] : [rows.indexOf(short) + 1, slotsOf(short).length]
    const wants = Math.max(...positions) + 1
    return (
      short && {
        unfit: `row ${which} of the table has ${has} columns, and column ${wants} is wanted: leave it out by rows (a CSS selector)`
      }
    )
  }
  const cellOf = (row: Element, column: ColumnSpec, at: number) =>
    column.css === undefined ? slotsOf(row)[places[at]?.at ?? 0] : row.querySelector(column.css)
  const readRow = (row: Element) =>
    Object.fromEntries(
      columns.map((column, at) => {
        const cell = cellOf(row, column, at)
        return [column.name, cell == null ? '' : textOf(cell, column)]
      })
    )
  return readRows()
  function readRows(): TableRead {
    const wrong = wrongColumns()
    if (wrong !== undefined) return { rows: [], hidden: 0, ...wrong }
    const data = rows.filter(isData)
    const shown = wantsHidden === true ? data : data.filter(row => !isHidden(row))
    const short = shortRow(shown)
    if (short !== undefined) return { rows: [], hidden: 0, ...short }
    const left = data.filter(row => !shown.includes(row) && tidy(row.textContent) !== '')
    return { rows: shown.map(readRow), hidden: wantsHidden === undefined ? left.length : 0 }
  }
}
