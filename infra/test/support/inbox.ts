import { containersOf, find, podOf, render, type Resource } from './manifests';
import type { Namespace } from './cluster';
import { until } from './run';

export interface Mail {
  to: string;
  subject: string;
  /** The same for every copy of one mail. */
  messageId: string;
  link?: string;
  token?: string;
}

/** The development inbox of a namespace. The requests run in its pod, so they need no network policy. */
export class Inbox {
  readonly #taken = new Set<string>();

  constructor(private readonly namespace: Namespace) {}

  async mails(): Promise<Mail[]> {
    const script = `fetch('http://127.0.0.1:8025/mails').then((page) => page.text()).then(console.log)`;
    const page = await this.namespace.exec('deploy/auth-inbox-depl', ['node', '-e', script]);
    return (JSON.parse(page) as { mails: Mail[] }).mails;
  }

  /** Waits for a mail to that address with this text in its subject. Returns each mail once. */
  take(to: string, subject: string): Promise<Mail> {
    return until(`a mail to ${to}: ${subject}`, async () => {
      const mail = (await this.mails()).find(
        (one) => one.to === to && one.subject.includes(subject) && !this.#taken.has(one.messageId),
      );
      if (mail) this.#taken.add(mail.messageId);
      return mail;
    });
  }

  /** Like `take`, but returns the token in the mail. */
  async token(to: string, subject: string): Promise<string> {
    const { token } = await this.take(to, subject);
    if (token === undefined) throw new Error(`no token in the mail: ${subject}`);
    return token;
  }
}

/** The SMTP address of `submissionServer`. */
export const submissionUrl = 'smtp://auth-inbox-srv:587';

/**
 * The inbox of the base as a mail server for production, on a submission port that the policies must allow.
 * Its own policy lets the service in on every port, so that only the policies of production block the other ports.
 */
export async function submissionServer(image: string): Promise<Resource[]> {
  const base = await render('k8s');
  const deployment = find(base, 'Deployment', 'auth-inbox-depl');
  const service = find(base, 'Service', 'auth-inbox-srv');
  const pod = podOf(deployment);
  if (!pod) throw new Error('no pod');
  // This sysctl lets a user other than root listen on ports below 1024. Pod Security `restricted` allows it.
  pod.securityContext = {
    ...pod.securityContext,
    sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
  };
  for (const container of containersOf(pod)) {
    container.image = image;
    container.env?.push({ name: 'INBOX_SMTP_PORT', value: '587' });
    for (const port of container.ports ?? []) if (port.name === 'smtp') port.containerPort = 587;
  }
  for (const port of service.spec?.['ports'] as { name: string; port: number }[]) {
    if (port.name === 'smtp') port.port = 587;
  }
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'auth-inbox' },
    spec: {
      podSelector: { matchLabels: { app: 'auth-inbox' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'auth' } } }] }],
    },
  };
  return [deployment, service, policy];
}
