/** Where an origin leaves an admin token for the CLI on the same machine; removed, it is made anew. */
export const ADMIN_TOKEN_FILE = 'admin-token';
