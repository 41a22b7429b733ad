import type { Test } from 'tap';
import { hostProgram } from './host-program.ts';

/** A network namespace that a pair of interfaces connects with this machine. */
export interface VethNetwork {
  /** The path of the namespace. */
  readonly path: string;
  /** The addresses of this machine in the network. */
  readonly here: readonly [string, string];
  /** The address of the namespace. */
  readonly there: string;
  /** From now on, the namespace cannot reach this address. */
  cut(address: string): Promise<void>;
  restore(address: string): Promise<void>;
}

/** Makes a network. It ends with the test. Its addresses follow from the id of this process. */
export async function vethNetwork(t: Test): Promise<VethNetwork> {
  const name = `skerry${process.pid}`;
  const subnet = `10.213.${process.pid % 256}`;
  const here = [`${subnet}.1`, `${subnet}.2`] as const;
  const there = `${subnet}.3`;
  const ip = async (...args: string[]) => {
    const { code, stderr } = await hostProgram('ip', args);
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
  };
  await ip('netns', 'add', name);
  // The interfaces go with the namespace.
  t.teardown(() => ip('netns', 'delete', name));
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'host0', 'netns', name);
  for (const address of here) await ip('address', 'add', `${address}/29`, 'dev', name);
  await ip('link', 'set', name, 'up');
  await ip('-netns', name, 'address', 'add', `${there}/29`, 'dev', 'host0');
  for (const device of ['lo', 'host0']) await ip('-netns', name, 'link', 'set', device, 'up');
  const route = (change: string) => (address: string) =>
    ip('-netns', name, 'route', change, 'prohibit', address);
  return { path: `/run/netns/${name}`, here, there, cut: route('add'), restore: route('delete') };
}
