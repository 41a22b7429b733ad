import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOf } from '../../shared/content/digest.ts';

/** A site of pages in sections, each with a script and a style sheet that carry a fingerprint. */
export interface RolloutSite {
  readonly files: ReadonlyMap<string, string>;
  /** The pages that readers ask for, the most popular first. */
  readonly pages: readonly string[];
}

export interface SiteChange {
  /** Changes every page, and gives the assets new names. */
  readonly edition: number;
  /** The pages ask for a script that is not there. */
  readonly lacksScript?: boolean;
  readonly without?: (page: string, place: number) => boolean;
  readonly redirects?: string;
}

const SECTIONS = 20;

/** `count` files: pages that readers ask for, some that nobody links to, and assets. */
export function rolloutSite(
  count: number,
  { edition, lacksScript = false, without = () => false, redirects }: SiteChange,
): RolloutSite {
  const files = new Map<string, string>();
  const script = asset('js', `console.log(${edition})`);
  const style = asset('css', `body { margin: ${edition}px }`);
  files.set(style.path, style.text);
  if (!lacksScript) files.set(script.path, script.text);
  if (redirects !== undefined) files.set('_redirects', redirects);
  const pages = Array.from({ length: count - 20 }, (_, i) => `section-${i % SECTIONS}/page-${i}.html`);
  for (const [i, page] of pages.entries())
    if (!without(page, i)) files.set(page, html(page, edition, script.path, style.path));
  for (let i = 0; i < 18; i++) {
    const page = `old/unlinked-${i}.html`;
    if (!without(page, -1)) files.set(page, html(page, edition, script.path, style.path));
  }
  files.set('index.html', html('index.html', edition, script.path, style.path));
  return { files, pages: ['index.html', ...pages] };
}

function asset(ending: string, text: string) {
  return { path: `assets/app.${digestOf(text).slice(0, 10)}.${ending}`, text };
}

function html(page: string, edition: number, script: string, style: string): string {
  const text = `${page} of edition ${edition}. `.repeat(20);
  return `<!doctype html><link rel="stylesheet" href="/${style}"><script src="/${script}"></script><p>${text}`;
}

/** What a page asks for. */
export function assetsIn(page: string): string[] {
  return [...page.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path = '']) => path);
}

export async function writeSite(folder: string, { files }: RolloutSite): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
