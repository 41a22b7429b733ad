import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { servePlugin } from '../../infra/terraform-provider/plugin/server.ts';
import { type Provider, provider } from '../../infra/terraform-provider/provider.ts';

const INFRA = join(import.meta.dirname, '../../infra');
const REGISTRY = 'registry.terraform.io';
const REQUIRED = 'terraform {\n  required_providers {\n    skerry = { source = "skerry/skerry" }\n  }\n}\n';

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** A folder in which the real Terraform runs. */
export interface Terraform {
  readonly folder: string;
  /** Writes the configuration. The block that names the provider comes first. */
  configure(text: string): Promise<void>;
  run(...args: string[]): Promise<Ran>;
  apply(...args: string[]): Promise<Ran>;
  /** The exit code of a plan: 0 when there is nothing to change, 2 when there is. */
  plan(...args: string[]): Promise<Ran>;
  /** The attributes of a resource in the state, or undefined. */
  attributes(address: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  stateText(): Promise<string>;
}

/**
 * Terraform with a provider that runs in this process, so that a test can look into it. `others` are more providers, by
 * their addresses in the registry.
 */
export async function terraformHere(
  t: Test,
  environment: NodeJS.ProcessEnv = {},
  others: Readonly<Record<string, Provider>> = {},
): Promise<Terraform> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-tf-'));
  const providers = { 'skerry/skerry': provider(environment), ...others };
  const plugins = await Promise.all(
    Object.entries(providers).map(async ([address, { handlers, close }], index) => {
      const socket = join(folder, `provider-${index}.socket`);
      const server = await servePlugin({ socket, handlers, shutdown: () => {} });
      t.teardown(async () => {
        server.forceShutdown();
        await close();
      });
      const listening = { Network: 'unix', String: socket };
      const plugin = { Protocol: 'grpc', ProtocolVersion: 6, Pid: process.pid, Test: true, Addr: listening };
      return [`${REGISTRY}/${address}`, plugin];
    }),
  );
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return terraformIn(folder, { TF_REATTACH_PROVIDERS: JSON.stringify(Object.fromEntries(plugins)) });
}

/**
 * Terraform that installs and starts the provider from a filesystem mirror, as users do. It runs in a copy of infra/,
 * in the folder of the example if one is named.
 */
export async function terraformFrom(
  t: Test,
  mirror: string,
  { example, environment = {} }: { readonly example?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<Terraform> {
  const home = await mkdtemp(join(tmpdir(), 'skerry-tf-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  for (const part of ['examples', 'modules'])
    await cp(join(INFRA, part), join(home, 'infra', part), { recursive: true });
  const folder = example === undefined ? home : join(home, 'infra/examples', example);
  return terraformIn(folder, environment, mirror);
}

async function terraformIn(
  folder: string,
  environment: NodeJS.ProcessEnv,
  mirror?: string,
): Promise<Terraform> {
  const settings = join(folder, 'cli.tfrc');
  const installation =
    mirror === undefined
      ? ''
      : `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`;
  await writeFile(settings, `disable_checkpoint = true\n${installation}`);
  const state = join(folder, 'terraform.tfstate');
  const run = (...args: string[]) => {
    // The options of the test runner are not for the provider.
    const { NODE_OPTIONS: _, ...own } = process.env;
    const env = { ...own, TF_CLI_CONFIG_FILE: settings, TF_IN_AUTOMATION: '1', ...environment };
    return ran(spawn('terraform', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  };
  return {
    folder,
    run,
    configure: (text) => writeFile(join(folder, 'main.tf'), `${REQUIRED}${text}`),
    apply: (...args) => run('apply', '-auto-approve', '-no-color', '-input=false', ...args),
    plan: (...args) => run('plan', '-detailed-exitcode', '-no-color', '-input=false', ...args),
    async attributes(address) {
      const [type, name] = address.split('.');
      const { resources } = JSON.parse(await readFile(state, 'utf8')) as {
        resources: { type: string; name: string; instances: { attributes: Record<string, unknown> }[] }[];
      };
      return resources.find((one) => one.type === type && one.name === name)?.instances[0]?.attributes;
    },
    stateText: () => readFile(state, 'utf8'),
  };
}

async function ran(child: ChildProcess): Promise<Ran> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
