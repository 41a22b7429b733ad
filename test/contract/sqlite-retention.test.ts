import { hostedPlace } from './hosted-catalogs.ts';
import { retentionContract } from './retention.ts';

retentionContract('SQLite', hostedPlace);
