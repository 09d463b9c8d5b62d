/** The keys that this adapter adds to a manifest. */
import { z } from 'zod'
import { durationPattern } from '../../src/index.ts'
import { valueTypes } from './values.ts'

const oneOrMore = (what: string) =>
  z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(`${what} A list holds alternatives: the first that matches wins.`)
    .optional()

const duration = z
  .string()
  .regex(durationPattern, 'write a duration such as 500ms, 10s, 5m, 2h')
  .describe('A duration: 500ms, 10s, 5m, 2h.')

/** A locator; `any` holds more of them. Written out, as it may hold itself. */
export interface LocatorSource extends WaySource {
  readonly any?: readonly WaySource[] | undefined
}

type Texts = string | string[] | undefined
interface WaySource {
  readonly role?: string | undefined
  readonly name?: Texts
  readonly label?: Texts
  readonly placeholder?: Texts
  readonly text?: Texts
  readonly testId?: Texts
  readonly css?: Texts
  readonly xpath?: Texts
  readonly row?: Texts
  readonly within?: string | LocatorSource | undefined
  readonly nth?: number | undefined
  readonly exact?: boolean | undefined
}

const ways = {
  role: z.string().min(1).describe('ARIA role, e.g. button, link, textbox; with name.').optional(),
  name: oneOrMore('The accessible name of the role.'),
  label: oneOrMore('Text of the label of a form field; without one, of the cell or the text before it.'),
  placeholder: oneOrMore('Placeholder text of a form field.'),
  text: oneOrMore('Text that the element shows.'),
  testId: oneOrMore('Value of data-testid.'),
  css: oneOrMore('CSS selector.'),
  xpath: oneOrMore('XPath expression.'),
  row: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe('In the one row of a table, or item of a list, that has a cell with this text; a list: with all of them.')
    .optional(),
  within: z
    .lazy((): z.ZodType<string | LocatorSource> => place)
    .describe('In this element (a CSS selector or a locator).')
    .optional(),
  nth: z.int().describe('Which one, when several match: 0 is the first, -1 the last.').optional(),
  exact: z.boolean().describe('The whole text, with its case; else a part of it will do.').optional()
}

const single = z.strictObject(ways)
const where = {
  ...ways,
  any: z.array(single).min(1).describe('Alternatives of different kinds: the first that matches wins.').optional()
}
export const locatorShape = z.strictObject(where).meta({
  id: 'playwright_locator',
  description: 'Which element: one of role with name, label, placeholder, text, testId, css, xpath, any, or a row alone; in within and row.'
})

const value = z.union([z.string(), z.number(), z.boolean()])
const list = z.union([value, z.array(value)])
const verify = z
  .boolean()
  .describe('false: the page writes the value in its own way, so the field is not read back before it is sent.')
  .optional()
const dialogAnswer = z.enum(['accept', 'dismiss'])

const reading = {
  as: z.enum(valueTypes).describe('Type of the value; text where nothing is said.').optional(),
  format: z.string().describe('Of a date: dd/mm/yyyy, d MMM yyyy, yyyymmdd.').optional(),
  locale: z.string().describe('How numbers and months are written, e.g. de for 1.234,56.').optional(),
  attribute: z.string().describe('Read this attribute and not the text.').optional(),
  pattern: z.string().describe('Regular expression; its first group, or else the whole match, is the value.').optional()
}

const column = z
  .strictObject({
    header: z.string().describe('Text of the column header.').optional(),
    index: z.int().min(1).describe('Number of the column, 1 is the first.').optional(),
    css: z.string().describe('CSS selector within the row.').optional(),
    ...reading
  })
  .describe('One of header, index, css.')

const place: z.ZodType<string | LocatorSource> = z.union([z.string().min(1), locatorShape])
const field = z
  .strictObject({
    ...where,
    ...reading,
    optional: z.boolean().describe('Nothing is extracted, and nothing fails, when it is not there.').optional(),
    list: place.describe('Every element that matches (a CSS selector or a locator), as a list of values.').optional(),
    table: place.describe('The table (a CSS selector or a locator), as a list of rows.').optional(),
    columns: z.record(z.string(), column).describe('Which columns, by the name that each gets in the output.').optional(),
    rows: z.string().describe('CSS selector of a row within the table; tr with cells where nothing is said.').optional(),
    hidden: z
      .boolean()
      .describe('true: rows that the page hides are read too; false: they are left out, and nothing is said of them.')
      .optional(),
    more: z
      .union([z.literal(false), locatorShape])
      .describe(
        'What the page shows when the list or table has more than is read, which the answer then says; false: it is all that there is.'
      )
      .optional(),
    next: locatorShape.describe('What leads to the next page of the table.').optional(),
    pages: z.int().min(1).max(1000).describe('Most pages to read; 50 where nothing is said.').optional(),
    limit: z
      .union([z.int().min(1), z.string()])
      .describe('Most rows to read.')
      .optional(),
    until: z.string().describe('Stops after the page on which this is true of a row, e.g. {{ row.date < input.from }}.').optional()
  })
  .meta({ id: 'playwright_field', description: 'A value (a locator and a type), a list or a table.' })

/** Steps hold steps: the type stops here, the check does not. */
function steps(): z.ZodArray<z.ZodType<Record<string, unknown>>> {
  return z.array(z.lazy(() => step as unknown as z.ZodType<Record<string, unknown>>)).min(1)
}

const act = (what: string) => locatorShape.describe(what).optional()

/** One step: exactly one kind, and what every step may have. */
export const step = z
  .strictObject({
    name: z.string().min(1).max(80).describe('How the step is called in traces and errors.').optional(),
    timeout: duration.describe('How long it may take; the target says what is usual.').optional(),
    commit: z
      .union([
        z.literal(true),
        z.strictObject({
          request: z
            .string()
            .describe('Method and path of the request that has the effect: POST /transfer/*. Else the first that is not GET.')
            .optional(),
          via: z
            .enum(['connection', 'browser', 'any'])
            .describe(
              'connection (usual): the request leaves on a connection of its own, so that nothing sends it twice. browser: the browser sends it. any: nothing is held, and the run is marked before the step; for what is no request, such as a message through a WebSocket.'
            )
            .optional()
        })
      ])
      .describe('This step has the effect: the commit point of the action.')
      .optional(),
    goto: z.string().min(1).describe('Path on the target, or an address within egress.').optional(),
    fill: z
      .strictObject({ ...where, value: value.describe('What to write.'), verify })
      .describe('Writes into a field.')
      .optional(),
    click: z
      .strictObject({
        ...where,
        dialog: dialogAnswer.describe('Answer to the alert, confirm or prompt box that the click opens.').optional(),
        get popup() {
          return steps().describe('Steps in the window that the click opens; it is closed afterwards.').optional()
        }
      })
      .describe('Clicks.')
      .optional(),
    dblclick: act('Clicks twice.'),
    hover: act('Moves the pointer there.'),
    select: z
      .strictObject({ ...where, value: list.describe('Value or label of the option, or a list of them.'), verify })
      .describe('Chooses in a drop-down list.')
      .optional(),
    check: z
      .strictObject({ ...where, value: z.union([z.boolean(), z.string()]).describe('false takes the tick away.').optional(), verify })
      .describe('Ticks a box.')
      .optional(),
    press: z
      .strictObject({ ...where, key: z.string().min(1).describe('Enter, F3, Control+A, …'), verify })
      .describe('Presses a key, on an element or on the page.')
      .optional(),
    waitFor: z
      .strictObject({
        ...where,
        state: z.enum(['visible', 'hidden', 'attached', 'detached']).optional(),
        url: z.string().describe('Path or address, with * for anything.').optional()
      })
      .describe('Waits for an element or an address.')
      .optional(),
    expect: z
      .strictObject({
        ...where,
        value: value.describe('The text or value that the element must have.').optional(),
        that: z.string().describe('An expression that must be true.').optional(),
        message: z.string().describe('What to say when it is not so.').optional()
      })
      .describe('Fails when it is not so.')
      .optional(),
    extract: z.record(z.string(), field).describe('Reads values off the page, by the name that each gets in the output.').optional(),
    dialog: z
      .strictObject({
        answer: dialogAnswer.describe('accept or dismiss.').optional(),
        message: z.string().describe('What the box must say, or a part of it.').optional(),
        value: z.string().describe('What to write into a prompt.').optional()
      })
      .describe('Says how the next alert, confirm or prompt box is answered.')
      .optional(),
    frame: z
      .strictObject({
        ...where,
        get steps() {
          return steps().describe('Steps within the frame.')
        }
      })
      .describe('Does steps within a frame: its name, or a locator of the frame element.')
      .optional(),
    upload: z
      .strictObject({
        ...where,
        value: z.string().describe('Content of the file, in base64.'),
        file: z.string().describe('Name of the file.').optional(),
        mediaType: z.string().optional(),
        verify
      })
      .describe('Puts a file into a file field.')
      .optional(),
    download: z
      .strictObject({ ...where, as: z.string().describe('Name of the artifact, and of the value in the output.') })
      .describe('Clicks and keeps the file that comes as an artifact.')
      .optional(),
    screenshot: z
      .strictObject({ ...where, as: z.string().describe('Name of the artifact.').optional() })
      .describe('Keeps a picture, of an element or of the page.')
      .optional(),
    if: z
      .strictObject({
        ...where,
        that: z.string().describe('An expression.').optional(),
        get steps() {
          return steps().describe('What to do then.')
        },
        get else() {
          return steps().describe('What to do otherwise.').optional()
        }
      })
      .describe('Does steps when an element is there or an expression is true.')
      .optional(),
    forEach: z
      .strictObject({
        in: z.string().describe('An expression that gives a list.'),
        as: z.string().describe('Name of the item in expressions; item where nothing is said.').optional(),
        get steps() {
          return steps()
        }
      })
      .describe('Does steps for each item of a list; what they extract becomes lists.')
      .optional()
  })
  .meta({ id: 'playwright_step', description: 'One step: exactly one of goto, fill, click, … and how it is called.' })

const result = z.unknown().describe('The output, as a template; else everything that was extracted.').optional()

export const shape = {
  target: z.strictObject({
    login: steps().describe('Steps that log in.').optional(),
    ready: locatorShape.describe('What a page shows as long as it is logged in.').optional(),
    signedOff: locatorShape
      .describe('What a page shows when the session is over; where neither this nor ready is given, the address of the login page says so.')
      .optional(),
    refused: locatorShape
      .describe('What a page shows when the target refuses the credentials, such as Invalid user ID or password.')
      .optional(),
    timeout: duration.describe('How long a step may take; 10s where nothing is said.').optional(),
    locale: z.string().describe('How numbers and months are written; en where nothing is said.').optional(),
    pool: z
      .strictObject({
        pages: z.int().min(1).max(50).describe('Most pages that are kept warm; concurrency where nothing is said.').optional(),
        maxUses: z.int().min(1).describe('A login is made anew after so many runs; 100 where nothing is said.').optional(),
        maxAge: duration.describe('A login is made anew when it is so old; 30m where nothing is said.').optional()
      })
      .describe('How long pages are kept warm.')
      .optional()
  }),
  action: z.strictObject({ steps: steps().describe('What to do, in this order.'), result }),
  probe: z.strictObject({
    steps: steps().describe('How to look the effect up: a read.'),
    found: z.string().describe('An expression: true when the effect of this run exists.'),
    output: z.unknown().describe('The output of the run, as a template; else everything that was extracted.').optional()
  }),
  error: z.strictObject({ when: locatorShape.describe('What a page shows when the target says this.').optional() })
}

export type FieldSource = z.infer<typeof field>
export type ColumnSource = z.infer<typeof column>
export type StepSource = z.infer<typeof step>
