import { catalogContract } from './catalog/all.ts';
import { hostedPlace } from './hosted-catalogs.ts';

catalogContract('SQLite', hostedPlace);
