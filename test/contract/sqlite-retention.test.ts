import { hostedPlace } from './hosted-catalogs.ts';
import { retentionContract } from './retention/all.ts';

retentionContract('SQLite', hostedPlace);
