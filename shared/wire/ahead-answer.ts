import { type Static, Type } from 'typebox';
import { schema } from '../json/schema.ts';
import { aheadPageSchema } from '../log/ahead-page.ts';

/** The answer to a request for a page of objects ahead of their revision. Null when there is no such page yet. */
const aheadAnswerSchema = Type.Object({ page: Type.Union([aheadPageSchema, Type.Null()]) });
export type AheadAnswer = Static<typeof aheadAnswerSchema>;
export const aheadAnswer = schema(aheadAnswerSchema);
