/**
 * The file in which an origin leaves an admin token for the CLI on the same machine. If the file is missing, the next
 * start writes a new token.
 */
export const ADMIN_TOKEN_FILE = 'admin-token';
