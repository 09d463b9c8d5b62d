/** One part of a multipart message. */
export interface Part {
  /** The Content-ID without its brackets; '' when there is none. */
  readonly id: string
  readonly contentType: string
  readonly content: Buffer
}
