/** Error codes of HTTP/2 (RFC 9113 §7), by number: Node's own table comes with all of its HTTP/2. */

export const NO_ERROR = 0x0;
export const INTERNAL_ERROR = 0x2;
export const REFUSED_STREAM = 0x7;
export const CANCEL = 0x8;
