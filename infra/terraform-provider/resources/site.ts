import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { schema } from '../../../shared/json/schema.ts';
import {
  changedPolicy,
  DEFAULT_POLICY,
  type PolicyChange,
  policyChangeSchema,
} from '../../../shared/site/site-policy.ts';
import type { Site } from '../../../shared/wire/api.ts';
import { type Fault, faultOf } from '../plugin/diagnostics.ts';
import { isObject, isWhollyKnown, type ObjectValue, type Value } from '../values/dynamic-value.ts';
import { text, texts } from '../values/reading.ts';
import type { Attributes } from '../values/schema.ts';
import { nameFault } from './names.ts';
import type { Context, Resource } from './resource.ts';

const { sync, batch, retention, formerAssets, previews, quota } = DEFAULT_POLICY;

/** In the configuration, 0 means that all edges must confirm a sync publish. Any other number is a quorum. */
const ALL_EDGES = 0;

const syncDefault = {
  quorum: ALL_EDGES,
  timeout: sync.timeout,
  on_failure: sync.onFailure,
  without_lease: sync.withoutLease,
};
const batchDefault = {
  cron: batch.window.cron,
  timezone: batch.window.timezone,
  minutes: batch.window.minutes,
  rate: batch.rate,
};
const formerAssetsDefault = { hours: formerAssets.hours, paths: formerAssets.paths };
const previewsDefault = { domain: previews.domain, under: previews.under, private: previews.private };
const quotaDefault = { bytes: quota.bytes, files: quota.files, file_bytes: quota.fileBytes };

const attributes: Attributes = {
  name: {
    ...{ description: 'The name of the site.', presence: 'required', type: 'string' },
    forcesReplacement: true,
  },
  domains: {
    description: 'Host names of the site. A name may begin with `*.`.',
    ...{ presence: 'optional', type: ['set', 'string'], default: [] },
  },
  mode: {
    description: 'When edges switch to a revision: `async`, `sync` or `batch`.',
    ...{ presence: 'optional', type: 'string', default: DEFAULT_POLICY.mode },
  },
  sync: {
    description: 'What a publish with the mode `sync` waits for.',
    ...{ presence: 'optional', default: syncDefault },
    attributes: {
      quorum: {
        description: `How many edges must confirm; ${ALL_EDGES} for all.`,
        ...{ presence: 'optional', type: 'number', default: syncDefault.quorum },
      },
      timeout: {
        description: 'How many seconds a publish may take.',
        ...{ presence: 'optional', type: 'number', default: syncDefault.timeout },
      },
      on_failure: {
        description:
          '`abort`: edges keep the old revision. `degrade`: the publish continues without the edges that do not answer.',
        ...{ presence: 'optional', type: 'string', default: syncDefault.on_failure },
      },
      without_lease: {
        description: 'What an edge does after it has lost the connection to the origin: `serve` or `refuse`.',
        ...{ presence: 'optional', type: 'string', default: syncDefault.without_lease },
      },
    },
  },
  batch: {
    description: 'The window in which edges switch with the mode `batch`.',
    ...{ presence: 'optional', default: batchDefault },
    attributes: {
      cron: {
        description: 'When the window opens, as a cron expression of five fields.',
        ...{ presence: 'optional', type: 'string', default: batchDefault.cron },
      },
      timezone: {
        description: 'The IANA time zone of the expression.',
        ...{ presence: 'optional', type: 'string', default: batchDefault.timezone },
      },
      minutes: {
        description: 'How long the window is open.',
        ...{ presence: 'optional', type: 'number', default: batchDefault.minutes },
      },
      rate: {
        description:
          'How many bytes per second each edge may fetch in a window. Without it, there is no limit.',
        ...{ presence: 'optional', type: 'number' },
      },
    },
  },
  retention: {
    description: 'Which old revisions are kept.',
    ...{ presence: 'optional', default: { ...retention } },
    attributes: {
      revisions: {
        description: 'How many of the newest revisions are kept.',
        ...{ presence: 'optional', type: 'number', default: retention.revisions },
      },
      days: {
        description: 'Revisions that are younger than this many days are kept, too.',
        ...{ presence: 'optional', type: 'number', default: retention.days },
      },
    },
  },
  former_assets: {
    description: 'How long edges serve assets that the live revision no longer has.',
    ...{ presence: 'optional', default: formerAssetsDefault },
    attributes: {
      hours: {
        description: 'How many hours; 0 for none.',
        ...{ presence: 'optional', type: 'number', default: formerAssetsDefault.hours },
      },
      paths: {
        description: 'Which paths are assets. The default is all file names that contain a fingerprint.',
        ...{ presence: 'optional', type: ['list', 'string'] },
      },
    },
  },
  private: {
    description: 'Which paths need a signed URL. Without it, none does.',
    presence: 'optional',
    attributes: {
      keys: {
        description: 'One or two public keys, as `skerry sign --new-key` prints them.',
        ...{ presence: 'required', type: ['list', 'string'] },
      },
      paths: {
        description: 'The paths, as patterns of _headers.',
        ...{ presence: 'required', type: ['list', 'string'] },
      },
    },
  },
  previews: {
    description: 'Where edges show drafts under their aliases, besides `ALIAS--SITE.localhost`.',
    ...{ presence: 'optional', default: previewsDefault },
    attributes: {
      domain: {
        description:
          'Aliases answer at `ALIAS.` and this domain. The token needs the right to the domain with `*.` in front.',
        ...{ presence: 'optional', type: 'string' },
      },
      under: {
        description: 'Domains of the site under which aliases answer, as `ALIAS--DOMAIN`.',
        ...{ presence: 'optional', type: ['set', 'string'], default: previewsDefault.under },
      },
      private: {
        description: 'Whether every path of an alias needs a signed URL, with the keys of `private`.',
        ...{ presence: 'optional', type: 'bool', default: previewsDefault.private },
      },
    },
  },
  quota: {
    description: 'How large a revision may be. What is left out has no limit.',
    ...{ presence: 'optional', default: quotaDefault },
    attributes: {
      bytes: {
        description: 'The most bytes that all files of a revision may have together.',
        ...{ presence: 'optional', type: 'number' },
      },
      files: {
        description: 'The most files of a revision.',
        ...{ presence: 'optional', type: 'number' },
      },
      file_bytes: {
        description: 'The most bytes of a file.',
        ...{ presence: 'optional', type: 'number' },
      },
    },
  },
  pinned: {
    description: 'Which paths lazy edges always hold.',
    ...{ presence: 'optional', type: ['list', 'string'], default: [] },
  },
  force_destroy: {
    description: 'Whether the site may be deleted together with its published content.',
    ...{ presence: 'optional', type: 'bool', default: false },
  },
  id: { description: 'The name of the site.', presence: 'computed', type: 'string' },
};

/** A site with its domains and its policy. Its content is published separately. */
export const site: Resource = {
  description: 'A site: its host names, how it is replicated, and which revisions are kept.',
  attributes,

  validate(config) {
    const faults = [nameFault(config.name, ['name'])].flatMap((fault) => fault ?? []);
    if (!isWhollyKnown(config)) return faults;
    return [...faults, ...policyFaults(config)];
  },

  async create(planned, context) {
    const client = await context.client();
    const name = text(planned.name);
    if ((await siteOf(context, name)) !== undefined)
      throw new SkerryError(
        'name-taken',
        `there is already a site ${name}. Import it: terraform import ADDRESS ${name}`,
      );
    return toState(await client.putSite(name, settingsOf(planned)), planned);
  },

  async read(state, context) {
    const found = await siteOf(context, text(state.name));
    return found === undefined ? null : toState(found, state);
  },

  async update(planned, _prior, context) {
    const client = await context.client();
    return toState(await client.putSite(text(planned.name), settingsOf(planned)), planned);
  },

  async delete(state, context) {
    const client = await context.client();
    const name = text(state.name);
    const found = await siteOf(context, name);
    if (found === undefined) return;
    if (state.force_destroy !== true && found.revision > 0)
      throw new SkerryError(
        'site-published',
        `the site ${name} has published content. Set force_destroy = true, apply, and then delete it`,
      );
    await client.deleteSite(name).catch(ignoring('no-such-site'));
  },

  async import(id, context) {
    const found = await siteOf(context, id);
    return found === undefined ? null : toState(found, { force_destroy: false });
  },
};

export async function siteOf(context: Context, name: string): Promise<Site | undefined> {
  const client = await context.client();
  return client.site(name).catch(ignoring('no-such-site'));
}

function ignoring(code: 'no-such-site') {
  return (error: unknown): undefined => {
    if (!hasCode(error, code)) throw error;
  };
}

/** The schedule and the patterns are checked as the origin checks them. */
function policyFaults(config: ObjectValue): Fault[] {
  const parts = ['mode', 'sync', 'batch', 'former_assets', 'private', 'previews', 'quota', 'pinned'];
  return parts.flatMap((part) => {
    const value = config[part] ?? null;
    if (value === null) return [];
    try {
      // Private previews are refused without keys.
      const keys = part === 'previews' ? { private: config.private ?? null } : {};
      changedPolicy(DEFAULT_POLICY, policyOf({ ...keys, [part]: value }));
      return [];
    } catch (error) {
      return [{ ...faultOf(error), at: [part] }];
    }
  });
}

function settingsOf(planned: ObjectValue) {
  return { domains: texts(planned.domains).toSorted(), policy: policyOf(planned) };
}

const policies = schema(policyChangeSchema);

/** The parts of the policy that the value sets. Throws `bad-policy`. */
function policyOf({
  mode,
  sync,
  batch,
  retention,
  former_assets,
  previews,
  quota,
  ...value
}: ObjectValue): PolicyChange {
  return policies.parse(
    {
      ...(isGiven(mode) && { mode }),
      ...(isObject(sync) && { sync: syncOf(sync) }),
      ...(isObject(batch) && { batch: batchOf(batch) }),
      ...(isObject(retention) && { retention: given(retention) }),
      ...(isObject(former_assets) && {
        formerAssets: { ...given(former_assets), paths: former_assets.paths ?? null },
      }),
      ...(value.private !== undefined && { private: value.private }),
      ...(isObject(previews) && { previews: previewsOf(previews) }),
      ...(isObject(quota) && { quota: quotaOf(quota) }),
      ...(isGiven(value.pinned) && { pinned: value.pinned }),
    },
    'bad-policy',
  );
}

function syncOf({
  quorum,
  on_failure: onFailure,
  without_lease: withoutLease,
  timeout,
}: ObjectValue): object {
  const require = quorum === ALL_EDGES ? 'all' : { quorum };
  return { ...given({ onFailure, withoutLease, timeout }), ...(isGiven(quorum) && { require }) };
}

function batchOf({ cron, timezone, minutes, rate }: ObjectValue): object {
  return { window: { ...batch.window, ...given({ cron, timezone, minutes }) }, rate: rate ?? null };
}

function previewsOf({ domain, ...others }: ObjectValue): object {
  return { ...given(others), domain: domain ?? null };
}

function quotaOf({ bytes, files, file_bytes: fileBytes }: ObjectValue): object {
  return { bytes: bytes ?? null, files: files ?? null, fileBytes: fileBytes ?? null };
}

const isGiven = (value: Value | undefined) => value !== null && value !== undefined;

function given(value: { readonly [name: string]: Value | undefined }): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => isGiven(part)));
}

function toState({ name, domains, policy }: Site, { force_destroy = false }: ObjectValue): ObjectValue {
  const { require, timeout, onFailure, withoutLease } = policy.sync;
  const { window, rate } = policy.batch;
  return {
    ...{
      id: name,
      name,
      domains: domains.toSorted(),
      mode: policy.mode,
      pinned: policy.pinned,
      force_destroy,
    },
    sync: {
      ...{ quorum: require === 'all' ? ALL_EDGES : require.quorum, timeout },
      ...{ on_failure: onFailure, without_lease: withoutLease },
    },
    batch: { cron: window.cron, timezone: window.timezone, minutes: window.minutes, rate },
    retention: { ...policy.retention },
    former_assets: { ...policy.formerAssets },
    private: policy.private === null ? null : { ...policy.private },
    previews: { ...policy.previews, under: policy.previews.under.toSorted() },
    quota: {
      ...{ bytes: policy.quota.bytes, files: policy.quota.files },
      file_bytes: policy.quota.fileBytes,
    },
  };
}
