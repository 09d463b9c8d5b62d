/** Why a file can not be imported; `code` says whose fault it is. */
export type FailureCode =
  | 'not_well_formed'
  | 'not_wsdl'
  | 'wsdl_2_0'
  | 'missing_import'
  | 'missing_component'
  | 'refused'
  | 'no_operations'
  | 'not_found'
  | 'usage'

export class ImportFailure extends Error {
  readonly code: FailureCode
  constructor(code: FailureCode, message: string) {
    super(message)
    this.code = code
  }
}
