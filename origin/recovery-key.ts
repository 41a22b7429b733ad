/**
 * The file to which the first start writes the recovery key. The operator should move it elsewhere. No start reads it.
 */
export const RECOVERY_KEY_FILE = 'recovery-key';
