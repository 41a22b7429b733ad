/** Rows that a forecast counts as deleted. */
interface Going {
  /** A condition on the entry `e`. */
  readonly entry: string;
  /** A condition on the deploy `d`. */
  readonly deploy: string;
}

/**
 * The condition under which an object `o` may be deleted: it was not uploaded since `:before`, and no entry, no file of a
 * deploy, no held change and no part of a multipart upload refers to it. A sweep deletes such objects, and a forecast counts them. A new kind of reference to
 * objects must be added here.
 */
export function unreferenced(going?: Going): string {
  const entry = going === undefined ? '' : `AND NOT (${going.entry})`;
  const deploy =
    going === undefined
      ? 'WHERE f.digest = o.digest'
      : `JOIN deploy d ON d.number = f.deploy WHERE f.digest = o.digest AND NOT (${going.deploy})`;
  return `o.touched < :before
    AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.digest = o.digest ${entry})
    AND NOT EXISTS (SELECT 1 FROM deploy_file f ${deploy})
    AND NOT EXISTS (SELECT 1 FROM bucket_object b JOIN site s ON s.id = b.site
      WHERE b.digest = o.digest AND b.number > s.held_done AND s.deleted = 0)
    AND NOT EXISTS (SELECT 1 FROM multipart_part p WHERE p.digest = o.digest)`;
}
