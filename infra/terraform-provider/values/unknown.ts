/** A value that Terraform learns only during apply. */
export class Unknown {
  readonly #brand = true;

  static is(value: unknown): value is Unknown {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

export const UNKNOWN = new Unknown();
