/**
 * Loaded before a role: replication then uses HTTP/2 over TLS. The product does not, and has no option for it (decision
 * 45). So this replaces the two modules that decide it, in the bench alone.
 */
import { registerHooks } from 'node:module';

const REPLACED: Readonly<Record<string, readonly [parent: RegExp, replacement: string]>> = {
  'node:https': [/\/shared\/http\/tls-server\.ts$/, './h2-server.ts'],
  undici: [/\/(edge\/follow\/upstream\/connections|shared\/tls\/connector)\.ts$/, './h2-client.ts'],
};

registerHooks({
  resolve(specifier, context, next) {
    const [parent, replacement] = REPLACED[specifier] ?? [];
    return parent !== undefined && replacement !== undefined && parent.test(context.parentURL ?? '')
      ? { url: new URL(replacement, import.meta.url).href, shortCircuit: true }
      : next(specifier, context);
  },
});
