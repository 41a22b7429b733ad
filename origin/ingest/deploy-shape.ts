import { MOST_META } from '../../shared/content/entry-meta.ts';
import { SkerryError } from '../../shared/errors.ts';

/** A token of JSON. Its sign is the punctuation mark, `"` for a string, and anything else for a number or a word. */
export interface JsonToken {
  readonly sign: string;
  readonly value: unknown;
}

const MEMBERS: readonly unknown[] = ['base', 'expect', 'files', 'delete'];
const FILE_MEMBERS: readonly unknown[] = ['digest', 'size', 'type', 'meta'];

/**
 * Checks a deploy's JSON token by token, ahead of the parser, and refuses anything unexpected before it is held in
 * memory. The parser decides whether the tokens make valid JSON.
 */
export class DeployShape {
  /** 1 in the deploy, 2 in its files or deletions, 3 in a file, 4 in its metadata. */
  #depth = 0;
  /** The member of the deploy that was named last. */
  #member: unknown;
  /** The member of the file that was named last, and the number of its pairs of metadata. */
  #fileMember: unknown;
  #pairs = 0;
  #before = '';
  /** The members that have occurred, whatever their content. */
  readonly members = new Set<unknown>();

  /** Throws `bad-request` when the token is not allowed at this position. */
  take({ sign, value }: JsonToken): void {
    const isKey = sign === '"' && (this.#before === '{' || this.#before === ',');
    const isValue = this.#before === ':' || this.#depth === 0;
    if (this.#depth === 0) refuseUnless(sign === '{', 'the deploy must be an object');
    else if (this.#depth === 1) this.#takeInDeploy(sign, isKey ? value : undefined, isValue);
    else if (this.#depth === 2 && this.#member === 'files')
      refuseUnless(!isValue || sign === '{', 'a file must be an object');
    else if (this.#depth === 2) refuseUnless('",]'.includes(sign), 'delete must list paths');
    else if (this.#depth === 3) this.#takeInFile(sign, isKey ? value : undefined, isValue);
    else this.#takeInMeta(sign, isKey);
    if (isContainer(sign)) this.#depth++;
    else if (sign === '}' || sign === ']') this.#depth--;
    this.#before = sign;
  }

  #takeInFile(sign: string, key: unknown, isValue: boolean): void {
    if (key !== undefined) {
      refuseUnless(
        FILE_MEMBERS.includes(key),
        'a file has only a digest, a size, a type and metadata (meta)',
      );
      this.#fileMember = key;
    }
    if (!isValue) return;
    if (this.#fileMember === 'meta') refuseUnless(sign === '{', 'meta must be an object');
    else refuseUnless(!isContainer(sign), 'a digest and a type are text, and a size is a number');
    this.#pairs = 0;
  }

  #takeInMeta(sign: string, isKey: boolean): void {
    refuseUnless(!isContainer(sign), 'the values of meta are text');
    if (isKey) this.#pairs++;
    refuseUnless(this.#pairs <= MOST_META.pairs, `a file has at most ${MOST_META.pairs} pairs of metadata`);
  }

  #takeInDeploy(sign: string, key: unknown, isValue: boolean): void {
    if (key !== undefined) {
      refuseUnless(MEMBERS.includes(key), `a deploy has no ${JSON.stringify(String(key).slice(0, 100))}`);
      this.#member = key;
      this.members.add(key);
    }
    if (!isValue) return;
    if (this.#member === 'files') refuseUnless(sign === '{', 'files must be an object');
    else if (this.#member === 'delete') refuseUnless(sign === '[', 'delete must be a list of paths');
    else refuseUnless(!isContainer(sign), `${String(this.#member)} must be a number`);
  }
}

function isContainer(sign: string): boolean {
  return sign === '{' || sign === '[';
}

function refuseUnless(isSo: boolean, message: string): void {
  if (!isSo) throw new SkerryError('bad-request', message);
}
