const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
export const XML_TYPE = 'application/xml';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** The content of an element: text, children by their names, or nothing. A list repeats the element. */
type XmlContent = string | number | boolean | undefined | XmlChildren | readonly XmlContent[];
export interface XmlChildren {
  readonly [name: string]: XmlContent;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** A document as S3 writes them. */
export function xmlDocument(root: string, content: XmlChildren | string, namespace = S3_NAMESPACE): string {
  const space = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `${DECLARATION}<${root}${space}>${inner(content)}</${root}>`;
}

function inner(content: XmlContent): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escaped(String(content));
  return Object.entries(content as XmlChildren)
    .map(([name, child]) =>
      (Array.isArray(child) ? child : [child]).map((one) => element(name, one)).join(''),
    )
    .join('');
}

function element(name: string, content: XmlContent): string {
  return content === undefined ? '' : `<${name}>${inner(content)}</${name}>`;
}

/** Characters that XML cannot carry in any form. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const IMPOSSIBLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SPECIAL = /[\0-\x1f&<>"\ufffe\uffff]/;

function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text
    .replace(IMPOSSIBLE, '\ufffd')
    .replace(/[&<>"\r\n\t]/g, (character) => ESCAPES[character] ?? character);
}
