import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { mongo } from 'mongoose';
import { findMongod } from '../../dev/mongod-binary';
import { connectTo } from './database';
import { follow, freePort, until, type RunningProcess } from './process';

/** A replica set of three members whose network can be cut in two. Linux only: /proc tells who opened a connection. */
export interface SplitSet {
  uri: (database: string) => string;
  /** Cuts the first member, and those processes, off from the others. The first member is the primary at first. */
  cut: (withFirst: (number | undefined)[]) => void;
  heal: () => void;
  /** Makes the second member primary, though the first may still take itself for it. */
  stepUpSecond: () => Promise<void>;
  stop: () => Promise<void>;
}

interface Member {
  port: number;
  proxy: Server;
  running: RunningProcess;
  folder: string;
}

interface Link {
  sockets: Socket[];
  /** Undefined for a process that is on neither side, as this one. */
  from: number | undefined;
  to: Member;
}

export async function startSplitSet(): Promise<SplitSet> {
  const links = new Set<Link>();
  /** The processes on the side of the first member; undefined while the network is whole. */
  let minority: Set<number | undefined> | undefined;
  const known = new Set<number>();
  const isCut = ({ from, to }: Link): boolean =>
    minority !== undefined && from !== undefined && minority.has(from) !== minority.has(to.running.child.pid);
  const pass = (link: Link): void => {
    for (const socket of link.sockets)
      if (isCut(link)) socket.pause();
      else socket.resume();
  };
  const members: Member[] = [];
  for (let n = 0; n < 3; n += 1)
    members.push(
      await startMember((member, client) => {
        const from = [...known].find((pid) => opened(pid, client.remotePort ?? 0));
        const upstream = connect(member.port, '127.0.0.1');
        const link: Link = { sockets: [client, upstream], from, to: member };
        links.add(link);
        for (const [source, target] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          source.pipe(target);
          source.on('error', () => target.destroy());
          source.once('close', () => {
            target.destroy();
            links.delete(link);
          });
        }
        pass(link);
      }),
    );
  for (const { running } of members) known.add(running.child.pid ?? 0);
  const hosts = members.map(({ proxy }) => `127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const admin = async (n: number, command: mongo.Document): Promise<mongo.Document> => {
    const client = await connectTo(`mongodb://127.0.0.1:${members[n]?.port ?? 0}/?directConnection=true`);
    try {
      return await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  };
  const config = hosts.map((host, _id) => ({ _id, host, priority: _id === 0 ? 2 : 1 }));
  await admin(0, { replSetInitiate: { _id: 'rs0', members: config } });
  await until(async () => {
    const { members: states } = (await admin(0, { replSetGetStatus: 1 })) as { members: { state: number }[] };
    return states.map(({ state }) => state).join() === '1,2,2';
  }, 60_000);
  // So long a primary without a majority takes itself for the primary. The first election must not take so long.
  const settings = { electionTimeoutMillis: 60_000 };
  const slower = { _id: 'rs0', version: 2, protocolVersion: 1, members: config, settings };
  // A primary that has just been elected can't be written to at once.
  await until(async () => (await admin(0, { replSetReconfig: slower }))['ok'] === 1);
  const passAll = (): void => {
    for (const link of links) pass(link);
  };
  return {
    uri: (database) => `mongodb://${hosts.join()}/${database}?replicaSet=rs0`,
    cut: (withFirst) => {
      minority = new Set([members[0]?.running.child.pid, ...withFirst]);
      for (const pid of withFirst) known.add(pid ?? 0);
      for (const link of links)
        link.from ??= [...known].find((pid) => opened(pid, link.sockets[0]?.remotePort ?? 0));
      passAll();
    },
    heal: () => {
      minority = undefined;
      passAll();
    },
    stepUpSecond: () => until(async () => (await admin(1, { replSetStepUp: 1 }))['ok'] === 1),
    stop: async () => {
      for (const { proxy, running } of members) {
        proxy.close();
        running.child.kill('SIGKILL');
      }
      for (const { sockets } of links) for (const socket of sockets) socket.destroy();
      await Promise.all(members.map(({ running }) => running.ended));
      await Promise.all(members.map(({ folder }) => rm(folder, { recursive: true, force: true })));
    },
  };
}

async function startMember(accept: (member: Member, client: Socket) => void): Promise<Member> {
  const binary = await findMongod({ say: () => undefined, signal: new AbortController().signal });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'split-mongod-'));
  const port = await freePort();
  const args = [
    '--replSet=rs0',
    '--bind_ip=127.0.0.1',
    `--port=${port}`,
    `--dbpath=${folder}`,
    '--nounixsocket',
  ];
  const running = follow(spawn(binary, [...args, '--wiredTigerCacheSizeGB=0.25']));
  await running.line(/Waiting for connections/);
  const proxy = createServer((client) => {
    accept(member, client);
  });
  const member: Member = { port, proxy, running, folder };
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return member;
}

/** Whether that process has opened the connection that comes from that port. */
function opened(pid: number, port: number): boolean {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .find((each) => each.trim().split(/\s+/)[1]?.endsWith(hex));
  const inode = line?.trim().split(/\s+/)[9];
  if (inode === undefined) return false;
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (fd) => readlink(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
    );
  } catch {
    // The process has ended.
    return false;
  }
}

function readlink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    // It has been closed meanwhile.
    return '';
  }
}
