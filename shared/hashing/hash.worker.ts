import { serveCalls } from '../process/served-calls.ts';
import { hashCalls } from './hash-calls.ts';

export default serveCalls(hashCalls);
