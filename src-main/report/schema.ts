import { z } from 'zod';
import { Results } from '../../shared/results.ts';

/** Address of the published schema; stands in `$schema` of every results.json. */
export const SCHEMA_ID = 'urn:hairline:results:2';

/**
 * The published JSON Schema (draft 2020-12) of results.json, made from the one zod definition that
 * checks the file as well. `hairline schema` prints it.
 */
export function resultsSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(Results, { target: 'draft-2020-12', io: 'output' });
  return {
    $schema,
    $id: SCHEMA_ID,
    title: 'Hairline results',
    description: 'Everything one audit found and all that is needed to repeat it. Distances are in pixel units of [0,1]; l0 are counts.',
    ...rest,
  };
}
