import type { Test } from 'tap';
import { hostProgram } from './host-program.ts';

/** A network of this machine and of one network namespace for each host. */
export interface BridgedNetwork {
  /** The address of this machine. */
  readonly here: string;
  readonly hosts: readonly { readonly namespace: string; readonly address: string }[];
}

/** Makes a network. It ends with the test. Its addresses follow from the id of this process. */
export async function bridgedNetwork(t: Test, count: number): Promise<BridgedNetwork> {
  const bridge = `skb${process.pid}`;
  const subnet = `10.214.${process.pid % 256}`;
  const here = `${subnet}.1`;
  await ip('link', 'add', bridge, 'type', 'bridge');
  t.teardown(() => ip('link', 'delete', bridge));
  await ip('address', 'add', `${here}/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  const hosts = [];
  for (let i = 0; i < count; i++) {
    const name = `skh${process.pid}-${i}`;
    const address = `${subnet}.${11 + i}`;
    await ip('netns', 'add', name);
    // The interfaces go with the namespace.
    t.teardown(() => ip('netns', 'delete', name));
    await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'host0', 'netns', name);
    await ip('link', 'set', name, 'master', bridge, 'up');
    await ip('-netns', name, 'address', 'add', `${address}/24`, 'dev', 'host0');
    for (const device of ['lo', 'host0']) await ip('-netns', name, 'link', 'set', device, 'up');
    hosts.push({ namespace: `/run/netns/${name}`, address });
  }
  return { here, hosts };
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await hostProgram('ip', args);
  if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}
