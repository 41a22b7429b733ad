/** Where the first start leaves the recovery key, for the operator to take away; no start reads it. */
export const RECOVERY_KEY_FILE = 'recovery-key';
