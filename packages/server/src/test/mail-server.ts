import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

/** What the server does with a mail, in the place of taking it. */
export interface MailServerRules {
  /** Looks at a recipient; an error with `responseCode` refuses it. */
  onRecipient?(address: string): Error | null;
  /** Runs when the whole mail has come, before it is answered. */
  onMail?(mail: ParsedMail, session: SMTPServerSession): Promise<void> | void;
}

export interface TestMailServer {
  readonly url: string;
  /** Taken, in order. */
  readonly mails: ParsedMail[];
  rules: MailServerRules;
  /** Cuts every connection there is. */
  cut(): void;
  close(): Promise<void>;
}

/** A refusal as SMTP tells it. */
export function smtpError(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** A real SMTP server on loopback that takes everything unless its rules say otherwise. */
export async function startMailServer(): Promise<TestMailServer> {
  const mails: ParsedMail[] = [];
  const running: { rules: MailServerRules } = { rules: {} };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) => done(running.rules.onRecipient?.(address) ?? null),
    onData: (stream, session, done) => {
      void answer(stream, session, done);
    },
  });
  const take = async (stream: SMTPServerDataStream, session: SMTPServerSession) => {
    const mail = await simpleParser(stream);
    await running.rules.onMail?.(mail, session);
    mails.push(mail);
  };
  const answer = async (
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null) => void,
  ) => {
    const failure = await take(stream, session).then(
      () => null,
      (error: Error) => error,
    );
    done(failure);
  };
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    get rules() {
      return running.rules;
    },
    set rules(rules) {
      running.rules = rules;
    },
    cut: () => {
      for (const connection of server.connections) connection.close();
    },
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
