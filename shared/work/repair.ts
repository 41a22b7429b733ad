import { Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { mergeVerified, verifyResult } from './verify.ts';
import type { WorkKind } from './work-kind.ts';

/**
 * Repairs the data that readers see: the manifest and the objects of the active revision of one site, or of every site.
 * It is like `verify` with `repair`, but leaves out the objects of other revisions.
 */
export const repairKind = {
  kind: 'repair',
  askers: ['admin-port', 'task'],
  arguments: Type.Object({ site: Type.Optional(nameSchema) }, { additionalProperties: false }),
  result: verifyResult,
  merge: mergeVerified,
} satisfies WorkKind;
