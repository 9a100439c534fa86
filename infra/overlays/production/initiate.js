// Run by mongosh beside each member, as its startup probe: safe to repeat, and no success before the set has its users.
const { readFileSync } = require('fs');
const os = require('os');

const secret = (name) => readFileSync(`/etc/mongo/${name}`, 'utf8');
const admin = db.getSiblingDB('admin');
const auth = db.getSiblingDB('auth');
const member = (n) => ({ _id: n, host: `auth-mongo-${n}.auth-mongo-srv:27017` });

const { setName, isWritablePrimary } = db.hello();
if (!setName) {
  // Refused until all three answer, and where the others have a set already, which then takes this member in.
  if (os.hostname() === 'auth-mongo-0') {
    const settings = { electionTimeoutMillis: 5000 };
    rs.initiate({ _id: 'rs0', members: [0, 1, 2].map(member), settings });
  }
  quit(1);
}

const signIn = () => {
  try {
    return admin.auth('root', secret('root-password')).ok === 1;
  } catch {
    return false;
  }
};

if (!signIn()) {
  if (!isWritablePrimary) quit(1);
  // Allowed from localhost while there is no user at all, and never again.
  admin.createUser({ user: 'root', pwd: secret('root-password'), roles: ['root'] });
  signIn();
}
if (isWritablePrimary) {
  // readWrite lacks the right to bring a collection's validator up to date, which the service does at its start.
  if (!auth.getRole('validators')) {
    const privileges = [{ resource: { db: 'auth', collection: '' }, actions: ['collMod'] }];
    auth.createRole({ role: 'validators', privileges, roles: [] });
  }
  if (!auth.getUser('auth')) {
    auth.createUser({ user: 'auth', pwd: secret('app-password'), roles: ['readWrite', 'validators'] });
  }
  if (!admin.getUser('backup')) {
    admin.createUser({ user: 'backup', pwd: secret('backup-password'), roles: ['backup'] });
  }
}
quit(auth.getUser('auth') && admin.getUser('backup') ? 0 : 1);
