import { Type } from 'typebox';
import { receiptFileSchema } from '../../shared/receipts/receipt-file.ts';

export const JSON_TYPE = 'application/json';

export const EXPORTED =
  'The file names the edges that have answered and those that have not, and can be checked without this origin: `skerry verify-receipts`, or docs/protocol.md, "File of receipts".';

/** Fastify sends a string unchanged. The bytes of the file matter, so no serializer may write them. */
export const receiptFileAnswer = {
  200: {
    description: 'A file of receipts: docs/protocol.md defines it.',
    content: { [JSON_TYPE]: { schema: Type.Unsafe<string>(receiptFileSchema) } },
  },
};
