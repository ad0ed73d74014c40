/** `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2). */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+)(?::\d*)?$/i;

/** Whether a request's `Host` is one; an empty one, and none at all, are taken. */
export const isValidHost = (host: string | null): boolean => !host || HOST.test(host);
