/** Names that are never published, at any depth and through any link. */
export function isPrivateName(name: string): boolean {
  return name === '.git' || name === '.skerry';
}
