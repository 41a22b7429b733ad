import { readFile } from 'node:fs/promises';
import { ApiClient } from '../../origin/client/api-client.ts';
import { SkerryError } from '../../shared/errors.ts';
import { authoritiesOf } from '../../shared/tls/ca-file.ts';
import { AttributeError } from './plugin/diagnostics.ts';
import type { Context } from './resources/resource.ts';
import type { ObjectValue } from './values/dynamic-value.ts';
import type { Attributes } from './values/schema.ts';
import { Unknown } from './values/unknown.ts';

export const configurationAttributes: Attributes = {
  origin: {
    description: 'The URL of the origin. The default is SKERRY_ORIGIN.',
    ...{ presence: 'optional', type: 'string' },
  },
  token: {
    description: 'A token with the scope `admin`. The default is SKERRY_TOKEN.',
    ...{ presence: 'optional', type: 'string', isSensitive: true },
  },
  token_file: {
    description:
      'A file with the token, such as `admin-token` in the data folder of an origin on this machine.',
    ...{ presence: 'optional', type: 'string' },
  },
  ca: {
    description:
      'The CA certificate for the origin or its proxy, as PEM or as the path of a file, unless that CA is public or named by the token. The default is SKERRY_CA.',
    ...{ presence: 'optional', type: 'string' },
  },
  insecure: {
    description:
      'Whether the token may be sent unencrypted to another machine, because something else protects it.',
    ...{ presence: 'optional', type: 'bool' },
  },
};

/**
 * The context of resources. It connects on first use, because the same run of Terraform may create the origin first.
 */
export class Configuration implements Context {
  readonly #values: ObjectValue;
  readonly #environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  #client: Promise<ApiClient> | undefined;

  constructor(values: ObjectValue, environment: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.#values = values;
    this.#environment = environment;
    this.signal = signal;
  }

  readonly client = (): Promise<ApiClient> => {
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  };

  async close(): Promise<void> {
    await (await this.#client?.catch(() => undefined))?.close();
  }

  async #connect(): Promise<ApiClient> {
    const origin = this.#text('origin') ?? this.#environment.SKERRY_ORIGIN;
    if (origin === undefined)
      throw fault('origin', 'the provider does not know the origin. Set `origin`, or SKERRY_ORIGIN');
    const insecure = this.#values.insecure === true;
    const ca = this.#authorities();
    try {
      return new ApiClient(origin, await this.#token(), this.signal, { insecure, ca });
    } catch (error) {
      throw new AttributeError(['origin'], error);
    }
  }

  async #token(): Promise<string | undefined> {
    const file = this.#text('token_file');
    if (file === undefined) return this.#text('token') ?? this.#environment.SKERRY_TOKEN;
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw fault('token_file', `the token cannot be read from ${file}`, cause);
    }
  }

  #authorities(): string | undefined {
    const given = this.#text('ca') ?? this.#environment.SKERRY_CA;
    try {
      return given === undefined ? undefined : authoritiesOf(given, '`ca`');
    } catch (error) {
      throw new AttributeError(['ca'], error);
    }
  }

  #text(name: string): string | undefined {
    const value = this.#values[name] ?? null;
    if (Unknown.is(value))
      throw fault(name, `\`${name}\` is known only after an apply. Apply what it depends on first`);
    return typeof value === 'string' ? value : undefined;
  }
}

function fault(name: string, message: string, cause?: unknown): AttributeError {
  return new AttributeError([name], new SkerryError('bad-config', message, { cause }));
}
