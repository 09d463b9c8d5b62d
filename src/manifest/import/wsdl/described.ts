import type { JsonObject } from '../../../core/types.ts'

/** The schema with what the WSDL says of the element or attribute, before what it says of the type. */
export const described = (schema: JsonObject, documentation: string): JsonObject =>
  documentation === ''
    ? schema
    : {
        ...schema,
        description: [documentation.slice(0, 1_500), schema.$ref === undefined ? schema.description : '']
          .filter(Boolean)
          .join('. ')
          .replaceAll('..', '.')
      }
