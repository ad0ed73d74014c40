import type { Socket, TCPSocketListener } from "bun";

/** Takes whatever mail comes, and keeps it in memory: just enough of SMTP for Keycloak to send. */
export class MailSink {
  readonly mails: string[] = [];

  private constructor(private readonly server: TCPSocketListener<Conversation>) {}

  static open(): MailSink {
    const server = Bun.listen<Conversation>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => {
          socket.data = { line: "", mail: null };
          say(socket, "220 sink");
        },
        data: (socket, bytes) => {
          const lines = `${socket.data.line}${bytes.toString("utf8")}`.split("\r\n");
          socket.data.line = lines.pop() ?? "";
          for (const line of lines) sink.#take(socket, line);
        },
      },
    });
    const sink = new MailSink(server);
    return sink;
  }

  get port(): number {
    return this.server.port;
  }

  stop(): void {
    this.server.stop(true);
  }

  #take(socket: Socket<Conversation>, line: string): void {
    const { mail } = socket.data;
    if (mail === null) {
      if (/^data$/i.test(line)) socket.data.mail = [];
      const isOver = /^quit$/i.test(line);
      say(socket, socket.data.mail ? "354 go on" : isOver ? "221 bye" : "250 ok");
    } else if (line === ".") {
      // Lines end with "=" where quoted-printable broke them.
      const text = mail.join("\n").replaceAll("=\n", "").replaceAll("=3D", "=");
      this.mails.push(text);
      socket.data.mail = null;
      say(socket, "250 kept");
    } else mail.push(line);
  }
}

interface Conversation {
  /** What came of a line so far. */
  line: string;
  /** Lines of the mail that is being sent; null: between two. */
  mail: string[] | null;
}

const say = (socket: Socket<Conversation>, answer: string) => void socket.write(`${answer}\r\n`);
