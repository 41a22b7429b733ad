import { joinedTree } from '../../infra/joined-tree.ts';

/** The command's module, joined from the sources of this moment; undefined where nothing can be joined. */
export const joined = await joinedTree();
