import { SkerryError } from '../../../shared/errors.ts';
import { NAME_PATTERN } from '../../../shared/site/name-pattern.ts';
import { type AttributePath, type Fault, faultOf } from '../plugin/diagnostics.ts';
import type { Value } from '../values/dynamic-value.ts';

const NAME = new RegExp(NAME_PATTERN);
const LONGEST = 63;

/** What is wrong with a name. Undefined if nothing is, or if the name is not known yet. */
export function nameFault(name: Value | undefined, at: AttributePath): Fault | undefined {
  if (typeof name !== 'string' || (NAME.test(name) && name.length <= LONGEST)) return undefined;
  return { ...faultOf(new SkerryError('bad-name', `${JSON.stringify(name)} is not a name`)), at };
}
