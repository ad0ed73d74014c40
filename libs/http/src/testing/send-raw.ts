import { connect } from "node:net";

/** An answer as it came over the wire. */
export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  status: number;
  headers: Headers;
  body: string;
}

/**
 * Sends bytes as they are, which no HTTP client would send, and reads until the server closes: `text` should ask for
 * `connection: close`.
 * @param url of the server; its path is not used
 */
export function sendRaw(url: string, text: string | Uint8Array): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("close", () => resolve(parse(answer)));
    socket.on("error", reject);
  });
}

function parse(answer: string): RawAnswer {
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = new Headers(
    fields.map((field) => [field.split(":", 1)[0] ?? "", field.replace(/^[^:]*:/, "").trim()]),
  );
  return { status: Number(line.split(" ")[1] ?? 0), headers, body: rest.join("\r\n\r\n") };
}
