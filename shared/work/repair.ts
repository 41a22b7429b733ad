import { Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { mergeVerified, verifyResult } from './verify.ts';
import type { WorkKind } from './work-kind.ts';

/**
 * Repairs what readers see: the manifest and the objects of a site's active revision, or of all sites. It is `verify`
 * with `repair`, without the objects of other revisions.
 */
export const repairKind = {
  kind: 'repair',
  askers: ['admin-port', 'task'],
  arguments: Type.Object({ site: Type.Optional(nameSchema) }, { additionalProperties: false }),
  result: verifyResult,
  merge: mergeVerified,
} satisfies WorkKind;
