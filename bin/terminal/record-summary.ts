import type { LogRecord } from '../../shared/log/record.ts';
import { isKnownKind, payloads } from '../../shared/log/record-kinds.ts';
import { firstLine, timestamp } from './output.ts';

/** Summarises a record in a few words. */
export function recordSummary({ kind, payload, revision }: LogRecord): string {
  if (!isKnownKind(kind)) return '';
  switch (kind) {
    case 'settings': {
      const { name, deleted } = payloads.settings.parseText(payload);
      return deleted ? `${name} deleted` : name;
    }
    case 'member': {
      const {
        name,
        revoked,
        paused,
        drained,
        labels = [],
        replaces,
        mayRead,
      } = payloads.member.parseText(payload);
      const reads = mayRead === undefined ? '' : ` may read ${mayRead.join(' ')}`;
      const states = revoked ? ' revoked' : `${paused ? ' paused' : ''}${drained ? ' drained' : ''}`;
      const host = replaces === undefined ? '' : ' on a new host';
      return `${name}${host}${states}${labels.map((label) => ` #${label}`).join('')}${reads}`;
    }
    case 'revision': {
      const { mode = 'async', draft, message } = payloads.revision.parseText(payload);
      const kind = draft ? 'draft' : mode;
      return message === '' ? kind : `${kind}: ${firstLine(message)}`;
    }
    case 'alias': {
      const { name, expires } = payloads.alias.parseText(payload);
      return revision === 0 ? `${name} removed` : `${name} until ${timestamp(expires)}`;
    }
    case 'rollout': {
      const { step, edges } = payloads.rollout.parseText(payload);
      return step === 0 ? 'rollout begins' : `step ${step}: ${edges.join(' ')}`.slice(0, 200);
    }
    case 'activate': {
      const { mode, now, degraded } = payloads.activate.parseText(payload);
      if (degraded !== undefined) return `${mode}, degraded: ${degraded}`;
      return now ? `${mode}, by hand` : mode;
    }
    case 'abort':
      return payloads.abort.parseText(payload).reason;
    case 'outcome': {
      const { visible, unconfirmed } = payloads.outcome.parseText(payload);
      const named = unconfirmed.length === 0 ? '' : `, unconfirmed: ${unconfirmed.join(' ')}`;
      return `visible: ${visible.join(' ') || 'nowhere'}${named}`;
    }
    case 'purge': {
      const { all, paths, globs, tags } = payloads.purge.parseText(payload);
      return all
        ? 'everything'
        : [...paths, ...globs, ...tags.map((tag) => `tag ${tag}`)].join(' ').slice(0, 200);
    }
    case 'key':
    case 'checkpoint':
      return '';
  }
}
