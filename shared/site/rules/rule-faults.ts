import type { ContentPath } from '../../content/content-path.ts';
import { parseHeaders } from './headers-file.ts';
import { parseRedirects } from './redirects-file.ts';
import { HEADERS_FILE, type RuleFault } from './rule-lines.ts';

/** Finds the faults in a `_headers` or `_redirects` file. */
export function ruleFaults(path: ContentPath, content: string): readonly RuleFault[] {
  return (path === HEADERS_FILE ? parseHeaders(content) : parseRedirects(content)).faults;
}
