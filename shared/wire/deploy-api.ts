import { type Static, Type } from 'typebox';
import { MAX_MEDIA_TYPE, MOST_META } from '../content/entry-meta.ts';
import { aliasNameSchema } from '../site/alias.ts';
import { rolloutChoiceSchema } from '../site/rollout-policy.ts';
import { aliasLife } from './alias-api.ts';
import { closed, digestSchema, message, modeChoice } from './api.ts';

/** The bodies and queries with which trees are published over the API. */

/** A larger object that was not sent to its end goes on at its offset. */
export const RESUMED_FROM_BYTES = 1024 * 1024;

/** The header of POST /v1/sites/:site/deploys. `files` and `delete` are streamed separately. */
export const deployHeaderSchema = Type.Object(
  {
    base: Type.Optional(Type.Integer({ minimum: 0 })),
    expect: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);
export type DeployHeader = Static<typeof deployHeaderSchema>;

const fileDetails = {
  type: Type.Optional(
    Type.String({
      maxLength: MAX_MEDIA_TYPE,
      description: "The media type. Without it, the file's name decides.",
    }),
  ),
  meta: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: `Header fields that are stored with the file and sent to readers: Cache-Control, Content-Disposition, Content-Language, and names that begin with X-Skerry-Meta-. At most ${MOST_META.pairs}, with ${MOST_META.bytes} bytes.`,
    }),
  ),
};

export const deployFileSchema = Type.Object(
  { digest: digestSchema, size: Type.Integer({ minimum: 0 }), ...fileDetails },
  closed,
);

/**
 * A deploy as NDJSON (`application/x-ndjson`). The header may come first; each further line is a file or a deletion.
 */
export const deployLineSchema = Type.Union([
  Type.Object(
    { path: Type.String(), digest: digestSchema, size: Type.Integer({ minimum: 0 }), ...fileDetails },
    closed,
  ),
  Type.Object({ delete: Type.String() }, closed),
]);
export type DeployLine = Static<typeof deployLineSchema>;

export const deploySchema = Type.Object({
  id: Type.String(),
  missing: Type.Array(digestSchema),
});
export type Deploy = Static<typeof deploySchema>;

/** GET /v1/deploys/:id */
export const openDeploySchema = Type.Object({
  ...deploySchema.properties,
  site: Type.String(),
  base: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The revision that the deploy is a change to. null for a whole tree.',
  }),
  committed: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The revision that a commit has made of it.',
  }),
});
export type OpenDeploy = Static<typeof openDeploySchema>;

/**
 * What a commit does when its deploy has a base and the site has moved on: apply the change to the newest revision
 * unless both changed the same path, refuse, or take back what came after the base.
 */
const onConflictSchema = Type.Union(
  [Type.Literal('rebase'), Type.Literal('refuse'), Type.Literal('replace')],
  {
    description:
      'For a deploy with a base that is no longer the newest revision. rebase (the default): applies the changes to the newest revision; 409 deploy-conflict with the paths if both changed the same path. refuse: 409 in any case. replace: the base with the changes, without what was published after it.',
  },
);
export type OnConflict = Static<typeof onConflictSchema>;

export const commitRequestSchema = Type.Object(
  {
    ...modeChoice,
    message,
    onConflict: Type.Optional(onConflictSchema),
    now: Type.Optional(
      Type.Boolean({
        description: 'For a batch publish: opens a window now, so that the revision becomes live at once.',
      }),
    ),
    draft: Type.Optional(
      Type.Boolean({ description: 'Makes a revision that edges show only under an alias.' }),
    ),
    alias: Type.Optional(aliasNameSchema),
    expires: Type.Optional(aliasLife),
    rollout: Type.Optional(
      Type.Union([rolloutChoiceSchema, Type.Literal('none')], {
        description:
          "Shows the revision at a few edges first, and takes it back when it is bad. `none`: without the site's usual rollout.",
      }),
    ),
  },
  closed,
);
export type CommitRequest = Static<typeof commitRequestSchema>;

/** PUT …/archive */
export const archiveQuerySchema = Type.Object(
  {
    ...modeChoice,
    message,
    now: Type.Optional(
      Type.Union([Type.Literal('true'), Type.Literal('false')], {
        description: 'For a batch publish: opens a window now.',
      }),
    ),
    strip: Type.Optional(
      Type.Union([Type.Literal('0'), Type.Literal('1')], {
        description: 'With 1, the leading folder is left out. All files must be in it.',
      }),
    ),
    draft: Type.Optional(
      Type.Literal('true', { description: 'Makes a revision that edges show only under an alias.' }),
    ),
    alias: Type.Optional(aliasNameSchema),
    expires: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,9}$', description: 'The life of the alias in seconds.' }),
    ),
    expect: Type.Optional(
      Type.String({
        pattern: '^(0|[1-9][0-9]{0,14})$',
        description: 'Publishes only if the site is at this revision; otherwise the answer is 412.',
      }),
    ),
  },
  closed,
);
