import { BlockList, isIP } from 'node:net';
import type { Cidr } from './ip-address.ts';

/** The proxies that the operator trusts to name their clients. */
export class TrustedProxies {
  readonly #networks = new BlockList();

  constructor(networks: readonly Cidr[]) {
    for (const { address, prefix, family } of networks) this.#networks.addSubnet(address, prefix, family);
  }

  readonly has = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}
