/** The file in which the first start leaves the recovery key. The operator should move it away. No start reads it. */
export const RECOVERY_KEY_FILE = 'recovery-key';
