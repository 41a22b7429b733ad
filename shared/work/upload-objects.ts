import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { amount, count } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** One task asks for at most this many objects. Their names fit into the arguments of a task. */
export const MOST_UPLOADED = 100;

const uploadResult = Type.Object({
  ...amount,
  absent: Type.Integer({
    minimum: 0,
    description: 'Objects that the edge lacks, or whose copies on the edge are damaged.',
  }),
  refused: Type.Integer({ minimum: 0, description: 'Objects that the origin no longer needed.' }),
});

/**
 * Sends the origin intact copies of objects that are damaged at the origin. The origin creates such tasks to repair its
 * store, and accepts only objects that it knows to be damaged.
 */
export const uploadObjectsKind = {
  kind: 'upload-objects',
  askers: ['task'],
  arguments: Type.Object(
    {
      objects: Type.Array(
        Type.Object(
          { digest: Type.String({ pattern: DIGEST_PATTERN }), size: count },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: MOST_UPLOADED },
      ),
    },
    { additionalProperties: false },
  ),
  result: uploadResult,
} satisfies WorkKind;
export type UploadArguments = Static<(typeof uploadObjectsKind)['arguments']>;
