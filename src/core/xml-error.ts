/** Why a text is not the XML that is read here, and where. */
export class XmlError extends Error {
  readonly #text: string
  readonly #at: number
  constructor(message: string, text: string, at: number) {
    super(message)
    this.#text = text
    this.#at = at
  }
  /** Counted for whoever asks: a hostile text may hold millions. */
  get line(): number {
    let line = 1
    for (let end = this.#text.indexOf('\n'); end !== -1 && end < this.#at; end = this.#text.indexOf('\n', end + 1)) line += 1
    return line
  }
}
