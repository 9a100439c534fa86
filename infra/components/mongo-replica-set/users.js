// Runs in mongosh, in the Job auth-mongo-users: initiates the replica set, and brings its users to what the Secrets say. It
// is safe to repeat. It signs in with the members' certificate, which may do everything, so it can mend every user.
const { readFileSync } = require('fs');

const members = [0, 1, 2].map((n) => `auth-mongo-${n}.auth-mongo-srv:27017`);
const options =
  'authMechanism=MONGODB-X509&authSource=$external&tls=true' +
  '&tlsCAFile=/etc/mongo-tls/ca.crt&tlsCertificateKeyFile=/etc/mongo-tls/server.pem';
const secret = (path) => readFileSync(`/etc/mongo/${path}`, 'utf8');

function initiate() {
  const first = new Mongo(`mongodb://${members[0]}/?directConnection=true&${options}`).getDB('admin');
  if (first.hello().setName) return;
  try {
    // Fails until all three members answer. It also fails if the others have a set already: that set adds this member.
    first.adminCommand({
      replSetInitiate: {
        _id: 'rs0',
        members: members.map((host, _id) => ({ _id, host })),
        settings: { electionTimeoutMillis: 5000 },
      },
    });
  } catch (error) {
    if (error.codeName !== 'AlreadyInitialized') throw error;
  }
}

function accepts(user, pwd, database) {
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(pwd)}`;
  const uri = `mongodb://${credentials}@${members}/?replicaSet=rs0&authSource=${database}&tls=true&tlsCAFile=/etc/mongo-tls/ca.crt`;
  try {
    new Mongo(uri).getDB(database).runCommand({ connectionStatus: 1 });
    return true;
  } catch (error) {
    if (error.codeName === 'AuthenticationFailed') return false;
    throw error;
  }
}

const names = (roles) =>
  roles
    .map(({ role, db }) => `${db}.${role}`)
    .sort()
    .join();

/** Creates the user that a Secret names, or changes what differs. */
function bringUpToDate(database, name, roles) {
  const user = secret(`${name}/user`);
  const pwd = secret(`${name}/password`);
  const found = database.getUser(user);
  if (!found) database.createUser({ user, pwd, roles });
  else {
    if (!accepts(user, pwd, database.getName())) database.updateUser(user, { pwd });
    if (names(found.roles) !== names(roles)) database.updateUser(user, { roles });
  }
  print(`${database.getName()}.${user} is up to date`);
  if (process.env.REMOVE_OTHERS !== 'true') return;
  // The names that rotate-secrets.sh gives.
  const others = new RegExp(`^${name === 'app' ? 'auth' : name}(-\\d{14})?$`);
  for (const { user: other } of database.getUsers().users) {
    if (other === user || !others.test(other)) continue;
    database.dropUser(other);
    print(`${database.getName()}.${other} removed`);
  }
}

function run() {
  initiate();
  const set = new Mongo(
    `mongodb://${members}/?replicaSet=rs0&w=majority&serverSelectionTimeoutMS=5000&${options}`,
  );
  const auth = set.getDB('auth');
  const admin = set.getDB('admin');
  // The service updates the validators of its collections at start. readWrite does not include this right.
  if (!auth.getRole('validators')) {
    const privileges = [{ resource: { db: 'auth', collection: '' }, actions: ['collMod'] }];
    auth.createRole({ role: 'validators', privileges, roles: [] });
  }
  bringUpToDate(admin, 'root', [{ role: 'root', db: 'admin' }]);
  bringUpToDate(admin, 'backup', [{ role: 'backup', db: 'admin' }]);
  // A restore replaces the service's database, and a test of it the scratch database. Neither needs more.
  const restored = ['auth', 'auth_restore_test'].flatMap((db) =>
    ['readWrite', 'dbAdmin'].map((role) => ({ role, db })),
  );
  bringUpToDate(admin, 'restore', restored);
  bringUpToDate(auth, 'app', [
    { role: 'readWrite', db: 'auth' },
    { role: 'validators', db: 'auth' },
  ]);
}

// The members may still start. The Job's deadline ends this.
for (let done = false, last; !done;) {
  try {
    run();
    done = true;
  } catch ({ message }) {
    if (message !== last) print(`waiting: ${message}`);
    last = message;
    sleep(1000);
  }
}
