import type { Status } from '../../shared/wire/api.ts';
import type { Save } from './last-save.ts';

export interface ShownEdge {
  readonly name: string;
  readonly region: string;
  readonly url: string;
}

/** The data that the example's page shows about this machine. */
export interface ExampleStatus {
  /** The revision that is live at the origin. */
  readonly revision: number;
  readonly edges: readonly (ShownEdge & {
    readonly isOnline: boolean;
    /** The revision that the edge shows, according to its last report. 0 if it does not show any revision yet. */
    readonly revision: number;
  })[];
  /** Null before the first save. */
  readonly save: Save | null;
}

export function exampleStatus(
  site: string,
  shown: readonly ShownEdge[],
  { origin, edges }: Pick<Status, 'origin' | 'edges'>,
  save: Save | null,
): ExampleStatus {
  return {
    revision: origin.sites.find(({ name }) => name === site)?.revision ?? 0,
    edges: shown.map((edge) => {
      const known = edges.find(({ name }) => name === edge.name);
      return {
        ...edge,
        isOnline: known?.online ?? false,
        revision: known?.sites[site]?.revision ?? 0,
      };
    }),
    save,
  };
}
