import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import type { Operation } from './job';
import { doJobs } from './worker';

// The baseline of what the database costs: one command of the driver, with a document like that of a session.

interface Stored extends mongo.BSON.Document {
  _id: string;
}

const client = new mongo.MongoClient(process.env['MONGO_URI'] ?? '');
const documents = client.db().collection<Stored>('documents');

const newDocument = (): Stored => ({
  _id: randomBytes(16).toString('base64url'),
  user: new mongo.BSON.ObjectId(),
  createdAt: new Date(),
  lastUsedAt: new Date(),
  expiresAt: new Date(),
  ip: '127.0.0.1',
  userAgent: 'bench',
  generation: 0,
  knownDevice: false,
});

async function findOne(): Promise<Operation> {
  const { insertedId: _id } = await documents.insertOne(newDocument());
  return async () => {
    if ((await documents.findOne({ _id })) === null) throw new Error('not found');
  };
}

async function insertOne(): Promise<void> {
  await documents.insertOne(newDocument());
}

doJobs(async (named) => ({ operation: named === 'findOne' ? await findOne() : insertOne }));
