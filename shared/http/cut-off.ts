import { SkerryError, systemCode } from '../errors.ts';

/** Whether a body failed because its sender disconnected. */
export function isCutOff(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR';
}

export function cutOff(cause: unknown): SkerryError {
  return new SkerryError('truncated-upload', 'the upload ended before its announced length', { cause });
}
