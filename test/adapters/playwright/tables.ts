/** Tables and lists as portals write them, and what is read off them. */
import type { JsonObject } from '../../../src/index.ts'
import type { Page } from './site.ts'

const table = (rows: string, head = '<tr><th>No<th>Item<th>Amount</tr>') =>
  `<table id=t><thead>${head}</thead><tbody>${rows}</tbody></table>`
const row = (no: number, more = '') => `<tr ${more}><td>${no}<td>part ${no}<td>${no}.00`
const [one, two] = [row(1), row(2)]
const read = (no: number) => ({ no: String(no), item: `part ${no}`, amount: no })
const columns = { no: { header: 'No' }, item: { header: 'Item' }, amount: { header: 'Amount', as: 'money' } }
const two12 = [read(1), read(2)]

export interface TableCase {
  readonly page: string
  readonly field: JsonObject
  readonly value?: unknown
  readonly fails?: string
  readonly partial?: string
}

const simple = (page: string, value: unknown = two12): TableCase => ({ page, field: { table: '#t', columns }, value })
const spans = `<table id=t><thead><tr><th rowspan=2>Item<th colspan=2>Price</tr><tr><th>Net<th>Gross</tr></thead>
  <tbody><tr><td rowspan=2>Bolt<td>1.00<td>1.19</tr><tr><td>2.00<td>2.38</tr></tbody><tbody><tr><td colspan=2>Sum<td>3.57</tr></tbody></table>`
const priced = { item: { header: 'Item' }, net: { header: 'Net' }, gross: { header: 'Gross', as: 'money' } }

/** By what they are about. */
export const tableCases: Readonly<Record<string, TableCase>> = {
  'headers in two rows, cells over rows and columns': {
    page: spans,
    field: { table: '#t', columns: priced },
    value: [
      { item: 'Bolt', net: '1.00', gross: 1.19 },
      { item: 'Bolt', net: '2.00', gross: 2.38 },
      { item: 'Sum', net: 'Sum', gross: 3.57 }
    ]
  },
  'a header over two columns is the first of them': {
    page: spans,
    field: { table: '#t', columns: { price: { header: 'Price' }, third: { index: 3 } } },
    value: [
      { price: '1.00', third: '1.19' },
      { price: '2.00', third: '2.38' },
      { price: 'Sum', third: '3.57' }
    ]
  },
  'a cell over all further rows ends with its group': simple(
    `<table id=t><tr><th>No<th>Item<th>Amount</tr><tbody><tr><td rowspan=0>1<td>part 1<td>1.00</tr></tbody><tbody>${two}</tbody></table>`
  ),
  'a row without a cell': {
    page: table(`${one}<tr><td>2<td>part 2</tr>`),
    field: { table: '#t', columns },
    fails: 'all: row 3 of the table has 2 columns, and column 3 is wanted'
  },
  'a row of a list that is no table': {
    page: '<div id=t><p><b>No</b><b>Item</b><b>Amount</b></p><p><b>1</b><b>part 1</b></p></div>',
    field: { table: '#t', rows: 'p', columns },
    fails: 'all: row 2 of the table has 2 columns, and column 3 is wanted'
  },
  'a row that is left out by rows': {
    page: table(`${one}<tr><td>x</tr>${two}`),
    field: { table: '#t', columns, rows: 'tr:has(td:nth-child(3))' },
    value: two12
  },
  'one cell over all columns': simple(table(`${one}${two}<tr><td colspan=3>2 parts</tr>`)),
  'nothing found': simple(table('<tr><td colspan=3>Nothing found</tr>'), []),
  'headers that come again': simple(table(`${one}<tr><th>No<th>Item<th>Amount</tr>${two}<tr><td>No<td>Item<td>Amount</tr>`)),
  'a table within a cell': simple(table(`<tr><td>1<td>part 1<td>1.00<table><tr><td></table></tr>${two}`)),
  'tables within a list of rows': {
    page: `<div id=t>${table(`<tr><td>1<td>part 1<td>1.00<table><tr><td></table></tr>${two}`).replace('id=t', '')}</div>`,
    field: { table: '#t', columns },
    value: two12
  },
  'names in the first column': {
    page: '<table id=t><tr><th>Holder<td>Ann</tr><tr><th>Branch<td>Leeds</tr></table>',
    field: { table: '#t', columns: { name: { index: 1 }, value: { index: 2 } } },
    value: [
      { name: 'Holder', value: 'Ann' },
      { name: 'Branch', value: 'Leeds' }
    ]
  },
  'two columns of one name': {
    page: table(one, '<tr><th>No<th>Amount<th>Amount</tr>'),
    field: { table: '#t', columns: { amount: { header: 'Amount' } } },
    fails: 'several columns are called "Amount": say which with index'
  },
  'rows that the page hides': { ...simple(table(`${one}${two}${row(3, 'style=display:none')}`)), partial: 'the page hides 1 row of it' },
  'a hidden row without anything in it': simple(table(`${one}${two}<tr style=display:none><td><td><td></tr>`)),
  'hidden rows on request': {
    page: table(`${one}${row(2, 'style=display:none')}`),
    field: { table: '#t', columns, hidden: true },
    value: two12
  },
  'hidden rows that are known': {
    page: table(`${one}${two}${row(3, 'style=display:none')}`),
    field: { table: '#t', columns, hidden: false },
    value: two12
  },
  'a table that is hidden as a whole': simple(`<div style=display:none>${table(`${one}${two}`)}</div>`),
  'lines of an area of text': {
    page: '<textarea id=x>line 1\nline 2</textarea>',
    field: { css: '#x', as: 'lines' },
    value: 'line 1\nline 2'
  },
  'lines of a cell': {
    page: '<table><tr><td id=x>Bolt Ltd<br>1 High St\n <br>Leeds</table>',
    field: { css: '#x', as: 'lines' },
    value: 'Bolt Ltd\n1 High St\nLeeds'
  },
  'lines of a text as it is': {
    page: '<pre id=x>\n  A   1.00\n\nB   2.00 \n</pre>',
    field: { css: '#x', as: 'lines' },
    value: '  A   1.00\n\nB   2.00'
  },
  'no lines where the page shows none': { page: '<p id=x>one\n  two', field: { css: '#x', as: 'lines' }, value: 'one two' },
  'lines of what is hidden': { page: '<div hidden><p id=x>one<br>two', field: { css: '#x', as: 'lines' }, value: 'one\ntwo' },
  'lines of a list, and of a column': {
    page: `<ul><li>a<br>b<li>c</ul>`,
    field: { list: 'li', as: 'lines' },
    value: ['a\nb', 'c']
  },
  'lines of a column': {
    page: '<table id=t><tr><th>Address</tr><tr><td>a<br>b</tr></table>',
    field: { table: '#t', columns: { address: { header: 'Address', as: 'lines' } } },
    value: [{ address: 'a\nb' }]
  },
  'no lines where nobody asks for them': { page: '<pre id=x>a\nb</pre>', field: { css: '#x' }, value: 'a b' }
}

const whole = table(`${one}${two}`)
const partial = (page: string, reason: string, field: JsonObject = {}): TableCase => ({
  page,
  field: { table: '#t', columns, ...field },
  value: two12,
  partial: reason
})
const growing = (id: string, attribute: string) =>
  `<script>${id}.${attribute}=()=>{if(${id}.scrollTop>0&&!window.more){window.more=1;setTimeout(()=>document.querySelector('#t tbody').insertAdjacentHTML('beforeend','<tr><td>3<td>x<td>3.00'),10)}}</script>`
const tall = 'style="height:40px;overflow:auto"'

export const partialCases: Readonly<Record<string, TableCase>> = {
  'a link to the next page': partial(`${whole}<a href=?p=2>Next</a>`, 'the page has "Next"'),
  'an arrow among pages': partial(`${whole}<div class=pagination><b>1</b> <a href=?p=2>2</a> <a href=?p=2>›</a></div>`, 'the page has "›"'),
  'numbers of pages in a row of the table': partial(
    table(`${one}${two}<tr><td colspan=3><table><tr><td>1<td><a href=?p=2>2</a><td><a href=?p=3>3</a></table></tr>`),
    'the page has pages up to 3'
  ),
  'a button for more': partial(`${whole}<button>Load more</button>`, 'the page has "Load more"'),
  'a count': partial(`${whole}<p>Showing 1 to 2 of 57 entries</p>`, 'the page says "1 to 2 of 57"'),
  'a number of pages': partial(`${whole}<p>Page 1 of 6</p>`, 'the page says "Page 1 of 6"'),
  'a total': partial(`<p>57 records found</p>${whole}`, 'the page says "57 records found"'),
  'a number of rows for readers': partial(whole.replace('<table', '<table aria-rowcount=57'), 'the page says that there are 57'),
  'a box that gets more': partial(
    `<div id=box ${tall}>${whole}</div>${growing('box', 'onscroll')}`,
    'the page gets more as it is scrolled'
  ),
  'a page that gets more': partial(
    `${whole}<div style=height:700px></div><script>addEventListener('scroll',()=>{if(scrollY>0)setTimeout(()=>{if(!window.more){window.more=1;document.querySelector('#t tbody').insertAdjacentHTML('beforeend','<tr><td>3<td>x<td>3.00')}},10)})</script>`,
    'the page gets more as it is scrolled'
  ),
  'a page that gets more when its end is seen': partial(
    `${whole}<div style=height:700px></div><i id=end>.</i><script>new IntersectionObserver(([e])=>{if(e.isIntersecting&&!window.more){window.more=1;document.querySelector('#t tbody').insertAdjacentHTML('beforeend','<tr><td>3<td>x<td>3.00')}}).observe(end)</script>`,
    'the page gets more as it is scrolled'
  ),
  'what the manifest names': partial(`${whole}<b id=m>…</b>`, 'the page shows css "#m"', { more: { css: '#m' } }),
  'a limit': { ...partial(whole, 'it has more than 1 rows', { limit: 1 }), value: [read(1)] },
  'a list': {
    page: '<ul><li>a<li>b</ul><a href=?p=2>Next page</a>',
    field: { list: 'li' },
    value: ['a', 'b'],
    partial: 'the page has "Next page"'
  }
}

export const wholeCases: Readonly<Record<string, TableCase>> = {
  'nothing else': simple(whole),
  'a next that leads nowhere': simple(
    `${whole}<ul class=pagination><li class=disabled><a>Next</a></ul><button disabled>Load more</button>`
  ),
  'a next that nobody sees': simple(`${whole}<a href=?p=2 style=display:none>Next</a>`),
  'a button that goes on with something else': simple(`${whole}<form><button>Next</button></form>`),
  'the last page': simple(`${whole}<p>1 – 2 of 2 entries. Page 1 of 1</p>`),
  'the last of the numbers': simple(`${whole}<p><a href=?p=1>1</a> <a href=?p=2>2</a> 3</p>`),
  'a link in each row': simple(table(`${one}<td><a href=?more=1>More</a>${two}<td><a href=?more=2>More</a>`)),
  'a box that has it all': simple(`<div ${tall}>${whole}</div>`),
  'what the manifest names is not there': {
    ...simple(`${whole}<a href=?p=2>Next</a>`),
    field: { table: '#t', columns, more: { css: '#m' } }
  },
  'the manifest says so': { ...simple(`${whole}<a href=?p=2>Next</a>`), field: { table: '#t', columns, more: false } }
}

export const pagesOf = (cases: Readonly<Record<string, TableCase>>): Record<string, Page> =>
  Object.fromEntries(Object.entries(cases).map(([name, { page }]) => [pathOf(name), page]))

export const pathOf = (name: string): string => `/${name.replaceAll(/\W+/g, '-')}`
