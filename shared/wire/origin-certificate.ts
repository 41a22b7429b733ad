import { type Static, Type } from 'typebox';

/** The certificate that the origin shows, as responses describe it. */
export const originCertificateSchema = Type.Object({
  kind: Type.Union([Type.Literal('own'), Type.Literal('given')], {
    description: 'Whether its own CA has issued it, or it was given with --tls-cert.',
  }),
  expires: Type.Integer({ description: 'Milliseconds since 1970.' }),
});
export type OriginCertificate = Static<typeof originCertificateSchema>;
