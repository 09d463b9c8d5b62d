/** Text of others for a terminal: models and legacy systems write what they like, and nothing of it may steer it or turn the direction of text. */

/** Control characters but tab and line feed, and what turns the direction of text. */
const steering = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

export const plainText = (text: string): string => text.replaceAll(steering, '')

/** On one line. */
export const plainLine = (text: string): string => plainText(text.replaceAll(/[\t\n]/g, ' '))

/** The same JSON: what a terminal might obey stands as an escape, also where JSON itself does not ask for one. */
export const plainJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replaceAll(steering, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
