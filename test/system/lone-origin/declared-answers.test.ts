import t from 'tap';
import { joinAsMember } from '../../fault/attacks/members.ts';
import { ask } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

/** A part of a JSON schema, as in /openapi.json. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** The paths of fields in a value that its schema does not name. Such a field could be a secret. */
function undeclared(schema: Schema, value: unknown, at = ''): string[] {
  if (schema.anyOf !== undefined) {
    const found = schema.anyOf.map((option) => undeclared(option, value, at));
    return found.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.flatMap((item, i) =>
      undeclared((Array.isArray(items) ? items[i] : items) ?? {}, item, `${at}[]`),
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  const parts = [schema, ...(schema.allOf ?? [])];
  // The details of events and the arguments of tasks have a form of their own.
  const isOpen = parts.every((part) => !('properties' in part || 'patternProperties' in part));
  if (isOpen && typeof schema.additionalProperties !== 'object') return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const known = parts.flatMap(({ properties, patternProperties, additionalProperties }) => [
      ...(properties?.[name] === undefined ? [] : [properties[name]]),
      ...Object.values(patternProperties ?? {}),
      ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
      ...(additionalProperties === true ? [{}] : []),
    ]);
    const [own] = known;
    return own === undefined ? [`${at}.${name}`] : undeclared(own, field, `${at}.${name}`);
  });
}

// Answers are written without their schemas, so nothing but this test keeps other fields out of them.
t.test('answers have no fields that the description of the API does not name', async (t) => {
  const origin = await loneOrigin(t);
  const headers = { authorization: `Bearer ${origin.token}` };
  const ofBody = { ...headers, 'content-type': 'application/json' };
  const { paths } = JSON.parse((await ask(origin.url, '/openapi.json', { headers })).body.toString());
  const member = await joinAsMember(origin, 'oslo');
  t.teardown(() => member.upstream.close());
  const seen = new Set<string>();
  const check = async (method: string, route: string, path: string, body?: object) => {
    const answer = await ask(origin.url, path, {
      ...{ method, headers: body === undefined ? headers : ofBody },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    t.ok(
      answer.status < 300,
      `${method} ${path}: ${answer.status} ${answer.status < 300 ? '' : answer.body}`,
    );
    const described = paths[route]?.[method.toLowerCase()]?.responses?.[answer.status];
    const schema: Schema | undefined = described?.content?.['application/json']?.schema;
    if (schema === undefined)
      return t.notOk(answer.body.length > 0 && described?.content, `${route} has no schema`);
    const value = JSON.parse(answer.body.toString());
    t.strictSame(undeclared(schema, value), [], `${method} ${path}`);
    seen.add(`${method} ${route}`);
    return value;
  };

  const site = { policy: { mode: 'async' }, domains: ['docs.example'] };
  await check('PUT', '/v1/sites/{site}', '/v1/sites/docs', site);
  await origin.put('docs', 'a.txt', 'one');
  await origin.put('docs', 'a.txt', 'two');
  await check('GET', '/v1/sites', '/v1/sites');
  await check('GET', '/v1/sites/{site}', '/v1/sites/docs');
  await check('GET', '/v1/status', '/v1/status');
  await check('GET', '/v1/sites/{site}/revisions', '/v1/sites/docs/revisions');
  await check('GET', '/v1/sites/{site}/revisions/{revision}', '/v1/sites/docs/revisions/1');
  await check('PUT', '/v1/sites/{site}/aliases/{alias}', '/v1/sites/docs/aliases/pr-1', { revision: 1 });
  await check('GET', '/v1/sites/{site}/aliases', '/v1/sites/docs/aliases');
  await check('GET', '/v1/sites/{site}/aliases/{alias}', '/v1/sites/docs/aliases/pr-1');
  await check('POST', '/v1/sites/{site}/activate', '/v1/sites/docs/activate', { alias: 'pr-1' });
  await check('POST', '/v1/sites/{site}/rollback', '/v1/sites/docs/rollback', { to: 1 });
  const purge = await check('POST', '/v1/sites/{site}/purge', '/v1/sites/docs/purge', { paths: ['/a.txt'] });
  await check('GET', '/v1/sites/{site}/purges/{seq}', `/v1/sites/docs/purges/${purge.seq}`);
  await check('GET', '/v1/log', '/v1/log');
  const made = await check('POST', '/v1/tokens', '/v1/tokens', { scope: 'read' });
  t.strictSame(Object.keys(made).sort(), ['id', 'token']);
  const tokens = await check('GET', '/v1/tokens', '/v1/tokens');
  t.notMatch(JSON.stringify(tokens), /secret|hash/i);
  await check('GET', '/v1/edges', '/v1/edges');
  await check('GET', '/v1/edges/{name}', '/v1/edges/oslo');
  await check('POST', '/v1/edges/{name}/labels', '/v1/edges/oslo/labels', { add: ['ssd'] });
  await check('PUT', '/v1/edges/{name}/may-read', '/v1/edges/oslo/may-read', { sites: ['docs'] });
  await check('POST', '/v1/edges/{name}/drain', '/v1/edges/oslo/drain');
  await check('POST', '/v1/edges/{name}/replace', '/v1/edges/oslo/replace');
  const task = await check('POST', '/v1/tasks', '/v1/tasks', {
    kind: 'verify',
    target: { all: true },
    args: { repair: false },
  });
  await check('GET', '/v1/tasks', '/v1/tasks');
  await check('GET', '/v1/tasks/{id}', `/v1/tasks/${task?.id}`);
  await check('GET', '/v1/events', '/v1/events');
  await check('GET', '/v1/audit', '/v1/audit');
  await check('GET', '/v1/store', '/v1/store');
  await check('POST', '/v1/prune', '/v1/prune', {});
  t.comment([...seen].join('\n'));
});
