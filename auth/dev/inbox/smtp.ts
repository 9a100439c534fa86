import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** A mail server that hands every mail over and delivers none. */
export function createSmtpServer(
  receive: (mail: ParsedMail) => void,
  say: (line: string) => void,
): SMTPServer {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    // The sender's host name is shown nowhere, and looking it up would delay each greeting.
    disableReverseLookup: true,
    onData: (stream, _session, done) => {
      simpleParser(stream).then((mail) => {
        receive(mail);
        done();
      }, done);
    },
  });
  // A client that is killed breaks its connection. The inbox must go on.
  server.on('error', (error) => {
    say(`a connection broke: ${error.message}`);
  });
  return server;
}
