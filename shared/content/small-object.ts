/** Objects of up to this many bytes share one file in the store. */
export const SMALL_OBJECT = 64 * 1024;
