/**
 * Whether this edge is drained. While it is, each connection ends with its next response. Its reader then opens a new
 * connection, which a load balancer or a name server directs to another edge.
 */
export class Drain {
  readonly #begun: (() => void)[] = [];
  #isOn = false;

  get isOn(): boolean {
    return this.#isOn;
  }

  onBegin(callback: () => void): void {
    this.#begun.push(callback);
  }

  set(isOn: boolean): void {
    const begins = isOn && !this.#isOn;
    this.#isOn = isOn;
    if (begins) for (const callback of this.#begun) callback();
  }
}
