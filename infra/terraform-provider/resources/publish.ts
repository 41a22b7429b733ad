import { publishFolder } from '../../../origin/client/folder/publish-folder.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { hashing } from '../hashing.ts';
import { AttributeError } from '../plugin/diagnostics.ts';
import { isWhollyKnown, type ObjectValue } from '../values/dynamic-value.ts';
import { numberOrNull, text, textOrNull, texts } from '../values/reading.ts';
import type { Attributes } from '../values/schema.ts';
import { UNKNOWN, Unknown } from '../values/unknown.ts';
import { digestOfFolder, digestOfRevision } from './content-digest.ts';
import { nameFault } from './names.ts';
import type { Context, Resource } from './resource.ts';
import { siteOf } from './site.ts';

const attributes: Attributes = {
  site: {
    description: 'The site.',
    ...{ presence: 'required', type: 'string', forcesReplacement: true },
  },
  folder: { description: 'The folder to publish.', presence: 'required', type: 'string' },
  include: {
    description: 'Globs of files to publish that are left out by default.',
    ...{ presence: 'optional', type: ['list', 'string'], default: [] },
  },
  message: {
    description: 'A note that is kept with the revision.',
    ...{ presence: 'optional', type: 'string' },
  },
  id: { description: 'The site.', presence: 'computed', type: 'string' },
  digest: {
    description:
      'A digest over all paths and bytes. The plan computes it, so it shows whether files have changed.',
    ...{ presence: 'computed', type: 'string' },
  },
  revision: {
    description: 'The revision that has this content.',
    ...{ presence: 'computed', type: 'number', changesWithOthers: true },
  },
};

/** The content of a site, published from a folder of the machine that runs Terraform. */
export const publish: Resource = {
  description:
    'Publishes a folder as a revision of a site. Deleting it leaves the published revision as it is.',
  attributes,

  validate: ({ site }) => [nameFault(site, ['site'])].flatMap((fault) => fault ?? []),

  async plan(planned, prior, context) {
    const { site = null, folder = null, include = null } = planned;
    const digest =
      isWhollyKnown(folder) && isWhollyKnown(include) ? await digestOf(planned, context) : UNKNOWN;
    const hasChanged = prior === null || Unknown.is(digest) || digest !== prior.digest;
    return { ...planned, id: site, digest, ...(hasChanged && { revision: UNKNOWN }) };
  },

  create: publishPlanned,

  async read(state, context) {
    const name = text(state.site);
    const site = await siteOf(context, name);
    if (site === undefined) return null;
    const newest = site.pending?.revision ?? site.revision;
    if (newest === 0) return null;
    if (newest === state.revision) return state;
    return {
      ...state,
      revision: newest,
      digest: await digestOfRevision(await context.client(), name, newest),
    };
  },

  update: (planned, _prior, context) => publishPlanned(planned, context),

  delete: async () => {},
};

async function publishPlanned(planned: ObjectValue, context: Context): Promise<ObjectValue> {
  const client = await context.client();
  const digest = await digestOf(planned, context);
  if (typeof planned.digest === 'string' && planned.digest !== digest)
    throw new AttributeError(
      ['folder'],
      new SkerryError('file-changed', `files in ${text(planned.folder)} have changed since the plan`),
    );
  const message = textOrNull(planned.message);
  const { commit } = await publishFolder(
    {
      ...{ client, hashThreads: hashing, site: text(planned.site), include: texts(planned.include) },
      ...{ commit: message === null ? {} : { message }, signal: context.signal, progress: () => {} },
    },
    text(planned.folder),
  );
  const { revision } = commit;
  return { ...planned, id: text(planned.site), digest, revision: numberOrNull(revision) };
}

async function digestOf(planned: ObjectValue, { signal }: Context): Promise<string> {
  const folder = text(planned.folder);
  try {
    return await digestOfFolder(folder, texts(planned.include), signal);
  } catch (error) {
    throw new AttributeError(['folder'], error);
  }
}
