import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import type { DynamicValue } from '../values/dynamic-value.ts';
import type { RunCertificate } from './handshake.ts';
import { type ProviderCall, packageDefinition } from './messages.ts';

const MOST_MESSAGE_BYTES = 64 * 1024 * 1024;

/** The fields of all requests in plugin/messages.ts. Each request has some of them. */
interface ProviderRequest {
  readonly type_name?: string;
  readonly id?: string;
  readonly config?: DynamicValue;
  readonly prior_state?: DynamicValue;
  readonly planned_state?: DynamicValue;
  readonly current_state?: DynamicValue;
  readonly raw_state?: DynamicValue;
  readonly private?: Uint8Array;
}

/** The handlers of Terraform's calls. Each resolves with the fields of its response. */
export type Handlers = { readonly [name in ProviderCall]: (request: ProviderRequest) => Promise<object> };

export interface ServerOptions {
  readonly socket: string;
  readonly handlers: Handlers;
  /** Called when Terraform no longer needs the provider. */
  readonly shutdown: () => void;
  /** If set, both sides prove their identity with certificates. `client` is Terraform's certificate, as PEM. */
  readonly tls?: { readonly own: RunCertificate; readonly client: string } | undefined;
}

export async function servePlugin({ socket, handlers, shutdown, tls }: ServerOptions): Promise<Server> {
  const definition = loadPackageDefinition(packageDefinition()) as unknown as {
    readonly tfplugin6: { readonly Provider: ServiceClientConstructor };
    readonly plugin: { readonly GRPCController: ServiceClientConstructor };
  };
  const server = new Server({
    'grpc.max_receive_message_length': MOST_MESSAGE_BYTES,
    'grpc.max_send_message_length': MOST_MESSAGE_BYTES,
  });
  const calls = Object.entries(handlers).map(([name, handle]) => [name, answering(handle)]);
  server.addService(definition.tfplugin6.Provider.service, Object.fromEntries(calls));
  server.addService(definition.plugin.GRPCController.service, {
    Shutdown: answering(async () => {
      setImmediate(shutdown);
      return {};
    }),
  });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, credentials(tls), (error) => (error ? reject(error) : resolve())),
  );
  return server;
}

type Answer = (error: Error | null, answer?: object) => void;

function answering(handle: (request: ProviderRequest) => Promise<object>) {
  return ({ request }: ServerUnaryCall<ProviderRequest, object>, answer: Answer): void => {
    handle(request).then(
      (message) => answer(null, message),
      (error: Error) => answer(error),
    );
  };
}

function credentials(tls: ServerOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.own.key), cert_chain: Buffer.from(tls.own.certificate) };
  return ServerCredentials.createSsl(Buffer.from(tls.client), [pair], true);
}
