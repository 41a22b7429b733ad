import { untilQuiet } from '../../../origin/client/drain.ts';
import { systemClock } from '../../../shared/clock.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { EdgeStatus } from '../../../shared/wire/api.ts';
import { checkRegion } from '../../../shared/wire/region.ts';
import { faultOf } from '../plugin/diagnostics.ts';
import { isWhollyKnown, type ObjectValue } from '../values/dynamic-value.ts';
import { numberOrNull, text, texts, textsOrNull } from '../values/reading.ts';
import type { Attributes } from '../values/schema.ts';
import { UNKNOWN } from '../values/unknown.ts';
import { nameFault } from './names.ts';
import type { Context, Resource } from './resource.ts';

/** The state of an edge whose host has not joined yet. */
const WAITING = 'waiting';

const attributes: Attributes = {
  name: {
    ...{ description: 'The name of the edge.', presence: 'required', type: 'string' },
    forcesReplacement: true,
  },
  region: {
    ...{ description: 'Where the edge is, in words of your choice.', presence: 'required', type: 'string' },
    forcesReplacement: true,
  },
  lat: {
    ...{ description: 'The latitude in degrees.', presence: 'optional', type: 'number' },
    forcesReplacement: true,
  },
  lon: {
    ...{ description: 'The longitude in degrees.', presence: 'optional', type: 'number' },
    forcesReplacement: true,
  },
  labels: {
    description: 'Words by which tasks and rollouts name groups of edges.',
    ...{ presence: 'optional', type: ['set', 'string'], default: [] },
  },
  sites: {
    description: 'The sites that the edge may read. Without it, the edge may read all.',
    ...{ presence: 'optional', type: ['set', 'string'] },
  },
  prefixes: {
    description: 'The path prefixes of the objects that the edge holds. Without it, the edge holds all.',
    ...{ presence: 'optional', type: ['list', 'string'], default: [] },
  },
  parents: {
    description: 'The URLs of the edges that this edge follows instead of the origin.',
    ...{ presence: 'optional', type: ['list', 'string'], default: [] },
  },
  storage: {
    description: '`full`: the edge holds every object. `lazy`: it fetches objects when readers ask for them.',
    ...{ presence: 'optional', type: 'string', default: 'full' },
  },
  drain_seconds: {
    description: 'How long the deletion of the edge waits for its readers to go elsewhere.',
    ...{ presence: 'optional', type: 'number', default: 30 },
  },
  id: { description: 'The name of the edge.', presence: 'computed', type: 'string' },
  arguments: {
    description: 'The arguments of `skerry edge` that follow from the attributes, without the join token.',
    ...{ presence: 'computed', type: ['list', 'string'] },
  },
  token_id: { description: 'The id of the join token.', presence: 'computed', type: 'string' },
  join_token: {
    description: 'The token with which a host joins once as this edge.',
    ...{ presence: 'computed', type: 'string', isSensitive: true },
  },
  state: {
    description: `The health of the edge as \`skerry edges\` shows it; \`${WAITING}\` until its host has joined.`,
    ...{ presence: 'computed', type: 'string', changesWithOthers: true },
  },
};

/**
 * The identity of an edge. The process on the edge's host is deployed by something else. That process may be replaced
 * while the identity stays.
 */
export const edge: Resource = {
  description: 'The identity of an edge in the fleet, and the token with which its host joins.',
  attributes,

  validate(config) {
    const faults = [nameFault(config.name, ['name'])].flatMap((fault) => fault ?? []);
    if (typeof config.region === 'string') {
      try {
        checkRegion(config.region);
      } catch (error) {
        faults.push({ ...faultOf(error), at: ['region'] });
      }
    }
    if (typeof config.storage === 'string' && config.storage !== 'full' && config.storage !== 'lazy')
      faults.push({ at: ['storage'], summary: 'The storage is unknown', detail: 'Use "full" or "lazy".' });
    return faults;
  },

  async plan(planned, prior) {
    const hasNewToken =
      prior !== null &&
      prior.state === WAITING &&
      JSON.stringify(planned.sites) !== JSON.stringify(prior.sites);
    return {
      ...planned,
      ...(prior === null && { state: WAITING }),
      // The id of an edge is its name, so the id is known before the edge is created.
      id: planned.name ?? null,
      arguments: isWhollyKnown(planned.labels ?? null) ? argumentsOf(planned) : UNKNOWN,
      ...(hasNewToken && { token_id: UNKNOWN, join_token: UNKNOWN }),
    };
  },

  async create(planned, context) {
    const name = text(planned.name);
    const known = await edgeOf(context, name);
    if (known !== undefined && !known.revoked)
      throw new SkerryError(
        'name-taken',
        `there is already an edge ${name}. Import it: terraform import ADDRESS ${name}`,
      );
    return { ...planned, ...(await newToken(planned, known, context)), state: WAITING };
  },

  async read(state, context) {
    const found = await edgeOf(context, text(state.name));
    if (found === undefined || found.revoked) return (await isTokenValid(state, context)) ? state : null;
    return toState(found, state);
  },

  async update(planned, prior, context) {
    const client = await context.client();
    const name = text(planned.name);
    const found = await edgeOf(context, name);
    if (found === undefined || found.revoked) {
      if (planned.join_token === prior.join_token) return { ...planned, state: WAITING };
      await client.revokeToken(text(prior.token_id)).catch(ignoring('no-such-token'));
      return { ...planned, ...(await newToken(planned, found, context)), state: WAITING };
    }
    const wanted = texts(planned.labels);
    const add = wanted.filter((label) => !found.labels.includes(label));
    const remove = found.labels.filter((label) => !wanted.includes(label));
    if (add.length + remove.length > 0) await client.labelEdge(name, { add, remove });
    await client.limitEdge(name, textsOrNull(planned.sites));
    return toState((await edgeOf(context, name)) ?? found, planned);
  },

  async delete(state, context) {
    const client = await context.client();
    const name = text(state.name);
    if (typeof state.token_id === 'string')
      await client.revokeToken(state.token_id).catch(ignoring('no-such-token'));
    const found = await edgeOf(context, name);
    if (found === undefined || found.revoked) return;
    if (found.online) {
      await client.changeEdge(name, 'drain');
      const ms = (numberOrNull(state.drain_seconds) ?? 0) * 1000;
      await untilQuiet(client, name, ms, systemClock, context.signal);
    }
    await client.changeEdge(name, 'revoke');
  },

  async import(id, context) {
    const found = await edgeOf(context, id);
    if (found === undefined || found.revoked) return null;
    return toState(found, {
      ...{ prefixes: found.limits.prefixes ?? [], parents: [], storage: found.limits.storage },
      ...{ drain_seconds: 30, token_id: '', join_token: '' },
    });
  },
};

async function edgeOf(context: Context, name: string): Promise<EdgeStatus | undefined> {
  const client = await context.client();
  return (await client.edges()).find((edge) => edge.name === name);
}

/** A token for a host that takes this name. `revoked` is the revoked edge that had the name before. */
async function newToken(
  planned: ObjectValue,
  revoked: EdgeStatus | undefined,
  context: Context,
): Promise<ObjectValue> {
  const client = await context.client();
  const name = text(planned.name);
  const mayRead = textsOrNull(planned.sites);
  if (revoked !== undefined) {
    await client.limitEdge(name, mayRead);
    const { id, token } = await client.replaceEdge(name);
    return { token_id: id, join_token: token };
  }
  const asked = { scope: 'join', edge: name, ...(mayRead !== null && { mayRead }) };
  const { id, token } = await client.createToken(asked);
  return { token_id: id, join_token: token };
}

async function isTokenValid({ token_id: id }: ObjectValue, context: Context): Promise<boolean> {
  const client = await context.client();
  return (await client.tokens()).some((token) => token.id === id && token.state === 'valid');
}

function ignoring(code: 'no-such-token') {
  return (error: unknown): void => {
    if (!hasCode(error, code)) throw error;
  };
}

function toState(
  { name, region, lat, lon, labels, mayRead, paused, health }: EdgeStatus,
  state: ObjectValue,
): ObjectValue {
  const known = {
    ...{ ...state, id: name, name, region, lat, lon, labels: labels.toSorted() },
    ...{ sites: mayRead === null ? null : mayRead.toSorted(), state: paused ? 'paused' : health.state },
  };
  return { ...known, arguments: argumentsOf(known) };
}

/** The command-line arguments for these values. The caller leaves out values that are not known yet. */
function argumentsOf(values: ObjectValue): string[] {
  const { lat, lon, storage } = values;
  const flags: [flag: string, values: readonly string[]][] = [
    ['--name', [text(values.name)]],
    ['--region', [text(values.region)]],
    ['--lat', typeof lat === 'number' ? [String(lat)] : []],
    ['--lon', typeof lon === 'number' ? [String(lon)] : []],
    ['--label', texts(values.labels)],
    ['--prefix', texts(values.prefixes)],
    ['--parent', texts(values.parents)],
    ['--storage', storage === 'lazy' ? ['lazy'] : []],
  ];
  // A flag and its value are one argument, because a value that begins with a minus would look like a flag.
  return flags.flatMap(([flag, given]) => given.map((value) => `${flag}=${value}`));
}
