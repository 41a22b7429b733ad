/** A request and its answer, as JSON. Each is there only if the operation has it. */
export interface Example {
  readonly request?: unknown;
  readonly answer?: unknown;
}

/** Examples by method and path, such as `GET /v1/sites/{site}`. */
export type Examples = Readonly<Record<string, Example>>;
