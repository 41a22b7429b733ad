import { archives } from './archives.ts';
import type { Attack } from './attack.ts';
import { bodies } from './bodies.ts';
import { folders } from './folders.ts';
import { onFeed } from './on-feed.ts';
import { onS3 } from './on-s3.ts';
import { onServing } from './on-serving.ts';
import { onTls } from './on-tls.ts';
import { publishes } from './publishes.ts';
import { rules } from './rules.ts';

/** The attacks, in the order of their points. */
export const attacks: readonly Attack[] = [
  ...[...bodies, ...onServing, ...onFeed],
  ...[...rules, ...folders, ...publishes, ...archives, ...onTls, ...onS3],
].sort((a, b) => Number(a.point) - Number(b.point));
